#!/usr/bin/env node
// Writes the GraphQL schema that an introspection of gitlab.com holds, in GraphQL's own language:
// what can be asked, without mutations and without what only readers need.
//
// usage: NODE_PATH=NODE_MODULES gitlab-schema.cjs INTROSPECTION FILE
"use strict";

const { readFileSync, writeFileSync } = require("node:fs");
const { buildClientSchema, printSchema } = require("graphql");

const [introspection, file] = process.argv.slice(2);
const { __schema: schema } = JSON.parse(readFileSync(introspection, "utf8")).data;
const types = new Map(schema.types.map((type) => [type.name, type]));

const named = (type) => (type.ofType ? named(type.ofType) : type.name);

// Everything that a type leads to.
const reached = new Set();
const reach = (name) => {
  if (reached.has(name)) return;
  reached.add(name);
  const type = types.get(name);
  const fields = type.fields ?? [];
  const values = [...fields, ...fields.flatMap((it) => it.args), ...(type.inputFields ?? [])];
  values.forEach((it) => reach(named(it.type)));
  [...(type.interfaces ?? []), ...(type.possibleTypes ?? [])].forEach((it) => reach(it.name));
};

const silenced = (key, value) => (key === "description" ? null : value);

reach(schema.queryType.name);
reach("__Schema");
schema.directives.flatMap((it) => it.args).forEach((it) => reach(named(it.type)));
schema.mutationType = null;
schema.subscriptionType = null;
schema.types = schema.types.filter((it) => reached.has(it.name));
const quiet = JSON.parse(JSON.stringify({ __schema: schema }, silenced));
writeFileSync(file, printSchema(buildClientSchema(quiet)));
