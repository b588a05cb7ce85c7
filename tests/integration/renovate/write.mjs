// What Renovate's own code would write for each update that it found: one JSON object a line.
//
// node write.mjs RENOVATE REPOSITORY LOG: the folder of its modules, the files, and its own log.
import fs from "node:fs";
import path from "node:path";

const [renovate, repository, log] = process.argv.slice(2);
const { doAutoReplace } = await import(path.join(renovate, "workers/repository/update/branch/auto-replace.js"));
const { GlobalConfig } = await import(path.join(renovate, "config/global.js"));
GlobalConfig.set({ localDir: repository });

const lines = fs.readFileSync(log, "utf8").split("\n").filter((line) => line.startsWith("{"));
const found = lines.map((line) => JSON.parse(line)).find((line) => line.msg === "packageFiles with updates");
for (const [manager, files] of Object.entries(found.config)) {
  for (const { deps, ...file } of files) {
    const place = path.join(repository, file.packageFile);
    const before = fs.readFileSync(place, "utf8");
    for (const [depIndex, { updates, ...dep }] of deps.entries()) {
      for (const update of updates ?? []) {
        const upgrade = { ...file, ...dep, ...update, manager, depIndex };
        const after = await doAutoReplace(upgrade, before, false);
        fs.writeFileSync(place, before);
        const { currentValue, currentDigest } = dep;
        const { newValue, newDigest } = update;
        console.log(JSON.stringify({ manager, file: file.packageFile, before, after, currentValue, currentDigest, newValue, newDigest }));
      }
    }
  }
}
