// Compiles static/ from the pinned packages: one style sheet and one script. Run by `make assets`.
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import * as sass from "sass";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..", "..");
const out = join(root, "static");
const LIMITS = { "app.css": 20 * 1024, "app.js": 14 * 1024 };
// Marks and typefaces that belong to the government, and anything fetched from elsewhere.
const FORBIDDEN = [/transport/i, /@font-face/i, /crown/i, /crest/i, /url\(/i, /sourceMappingURL/i];

function styles() {
  const options = { loadPaths: [here], style: "expanded", quietDeps: true, logger: sass.Logger.silent };
  const sheets = ["app", "moj"].map((name) => sass.compile(join(here, "scss", `${name}.scss`), options).css);
  // Ours come last so that they may adjust MoJ's; documents on a timeline are not used (they need an image).
  const moj = sheets[1].replace(/^\.moj-timeline__document[^{]*\{[^}]*\}\n*/gm, "").replace(/@media screen and \(forced-colors: active\) \{\s*\.moj-timeline__document[^}]*\}\s*\}/g, "");
  const [govuk, own] = sheets[0].split("/*! own */");
  // The custom properties are always there, so the fallbacks only weigh.
  const joined = [govuk, moj, own].join("\n").replace(/var\((--govuk-[a-z-]+-colour), (#[0-9a-f]+|rgb\([^)]*\)|[a-z]+)\)/g, "var($1)");
  return esbuild.transformSync(joined, { loader: "css", minify: true, legalComments: "none" }).code;
}

function script() {
  const result = esbuild.buildSync({
    entryPoints: [join(here, "src", "app.js")],
    bundle: true, minify: true, format: "esm", target: "es2020", write: false, legalComments: "none",
  });
  return result.outputFiles[0].text;
}

function check(name, text) {
  for (const pattern of FORBIDDEN) {
    if (pattern.test(text)) throw new Error(`${name}: ${pattern} must not be in what we ship`);
  }
  const weight = gzipSync(text, { level: 9 }).length;
  if (weight > LIMITS[name]) throw new Error(`${name} weighs ${weight} bytes gzipped, more than ${LIMITS[name]}`);
  console.log(`${name}: ${text.length} bytes, ${weight} gzipped`);
}

const files = { "app.css": styles(), "app.js": script() };
mkdirSync(out, { recursive: true });
for (const [name, text] of Object.entries(files)) {
  check(name, text);
  writeFileSync(join(out, name), text);
}
// The addresses carry a hash, so a browser may keep the files for ever.
const tag = (name) => createHash("sha256").update(files[name]).digest("hex").slice(0, 10);
writeFileSync(
  join(root, "templates", "layouts", "assets.html"),
  `{# Written by tools/assets/build.mjs; do not edit. #}
<link rel="stylesheet" href="/static/app.css?v=${tag("app.css")}">
<link rel="icon" href="/static/images/mark.svg" type="image/svg+xml">
<script type="module" src="/static/app.js?v=${tag("app.js")}"></script>
`,
);
