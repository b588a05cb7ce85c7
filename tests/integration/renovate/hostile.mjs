// Runs each pattern of the arguments over texts that make a careless one run for ever, in the
// engine that Renovate falls back to. It prints nothing: it ends, or it does not.
const pieces = [
  " ", "\n", "\n  ", "\n  a: b", "\n\n  a: b", "\n   - x", "a", "a:", "a/", "a.", ", a: ", '"a:1", ',
  "\n[[runners.docker.services]]", "\n name = \"a\"", "\nimage: a", "\n - uses: a/sandbox@1", "\n  inputs:",
  "\n - project: a/b\n   file: x", "\n - component: a.b/c", "\n repository: a\n tag: 1", "\nallowed_images = [",
];
const heads = [
  "", "\nimage: ", "\nimage = \"", "\nallowed_images = [", "\n[[runners.docker.services]]", "\n - uses: a/sandbox@1",
  "\n  inputs:", "\n - project: a/b", "\n - component: ", "\n - ref: " + "a".repeat(40) + " # 1.2.3", "\naction: ",
];
for (const pattern of process.argv.slice(2)) {
  const regex = new RegExp(pattern, "g");
  for (const head of heads) {
    for (const piece of pieces) {
      const text = head + piece.repeat(10000 / piece.length);
      for (let matches = 0; matches < 10000 && regex.exec(text); ) matches += 1;
      regex.lastIndex = 0;
    }
  }
}
