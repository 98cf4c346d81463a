// Looks at the status page in Chromium as a person does: `node status_page.mjs CHROMIUM PROFILE ADDRESS FOLDER` prints
// what was seen as JSON and leaves a picture for each scheme in FOLDER. POST ADDRESS/next makes the server show another
// state.
import { chromium } from "playwright-core";

const [executablePath, profile, address, folder] = process.argv.slice(2);
const browser = await chromium.launchPersistentContext(profile, {
  executablePath,
  headless: true,
  viewport: { width: 1240, height: 900 },
  args: [
    "--no-sandbox", // root has none
    "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", // nothing beyond this machine
  ],
});
try {
  const page = await browser.newPage();
  const said = [], asked = new Set();
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  page.on("dialog", (dialog) => { said.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on("request", (request) => asked.add(request.url()));
  await page.goto(address);
  const state = () => page.textContent("#state");
  const seen = { before: await state(), backgrounds: [] };
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    seen.backgrounds.push(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
    await page.screenshot({ path: `${folder}/${colorScheme}.png`, fullPage: true });
  }

  // The keyboard alone: everything that can be used, in the order of the page.
  const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.localName +
    (document.activeElement.getAttribute("role") ?? ""));
  seen.tabs = [];
  for (let step = 0; step < 4; ++step) {
    await page.keyboard.press("Tab");
    seen.tabs.push(await focused());
  }
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Enter");
  seen.opened = await page.evaluate(() => document.querySelector("details").open);

  // Another state arrives by itself; nothing that the person did is lost.
  await page.evaluate(() => { document.querySelector(".scroll").scrollTop = 50; });
  await fetch(new URL("/next", address), { method: "POST" });
  await page.waitForFunction((before) => document.getElementById("state").textContent !== before, seen.before);
  seen.after = await state();
  seen.focus = await focused();
  seen.still_opened = await page.evaluate(() => document.querySelector("details").open);
  seen.scrolled = await page.evaluate(() => document.querySelector(".scroll").scrollTop);
  seen.findings = await page.textContent("#findings");

  await page.focus("#pause");
  await page.keyboard.press("Space");
  seen.paused = await page.getAttribute("#pause", "aria-pressed");

  await page.setViewportSize({ width: 380, height: 800 });
  seen.overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  console.log(JSON.stringify({ ...seen, said, asked: [...asked] }));
} finally {
  await browser.close();
}
