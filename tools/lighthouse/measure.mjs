// Measures pages with Lighthouse, one after the other in one Chromium: addresses and the session's cookie as JSON on
// standard input, one line of scores a page on standard output.
import { readFileSync } from "node:fs";
import * as launcher from "chrome-launcher";
import lighthouse from "lighthouse";

const { addresses, cookie, chromium, flags } = JSON.parse(readFileSync(0, "utf8"));
const onlyCategories = ["accessibility", "best-practices", "performance"];
const chrome = await launcher.launch({ chromePath: chromium, chromeFlags: ["--headless=new", ...flags] });
const measure = (address) =>
  lighthouse(address, {
    port: chrome.port,
    onlyCategories,
    extraHeaders: { Cookie: cookie },
    disableStorageReset: true,
    logLevel: "error",
  });
try {
  for (const address of addresses) {
    let found = await measure(address);
    // A busy machine lets a page time out now and then, which is no score: once more.
    if (onlyCategories.some((name) => found.lhr.categories[name].score === null)) found = await measure(address);
    const { categories, audits, finalDisplayedUrl } = found.lhr;
    const scores = Object.fromEntries(onlyCategories.map((name) => [name, Math.round(categories[name].score * 100)]));
    const failed = onlyCategories
      .flatMap((name) => categories[name].auditRefs)
      .filter((ref) => ref.weight > 0 && audits[ref.id].score !== null && audits[ref.id].score < 0.9)
      .map((ref) => ref.id);
    console.log(JSON.stringify({ address, landed: finalDisplayedUrl, scores, failed }));
  }
} finally {
  await chrome.kill();
}
