// Chromium, driven over standard input and output: a line of JSON {page, act, with} in, a line with the outcome out. `page`
// is the address of a page, opened once; `act` names a function of it and `with` is its argument. The end of input ends it.
import { createInterface } from "node:readline/promises";
import { chromium } from "playwright-core";

const [executablePath, profile] = process.argv.slice(2);
const browser = await chromium.launchPersistentContext(profile, {
  executablePath,
  headless: true,
  args: [
    "--no-sandbox", // root has none
    "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", // nothing beyond this machine
  ],
});

const pages = new Map();

async function open(address) {
  if (!pages.has(address)) {
    const page = await browser.newPage();
    await page.goto(address);
    pages.set(address, page);
  }
  return pages.get(address);
}

const answer = (outcome) => console.log(JSON.stringify(outcome));

try {
  answer({ version: browser.browser().version() });
  for await (const line of createInterface({ input: process.stdin })) {
    const { page, act, with: argument } = JSON.parse(line);
    answer(await (await open(page)).evaluate(([name, value]) => window[name](value), [act, argument]));
  }
} finally {
  await browser.close();
}
