// The docs page in a real browser: it loads without any other host, Authorize logs in against
// /token, and a protected route answers with the token. Usage: node docs.mjs URL USERNAME PASSWORD
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const [url, username, password] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
});

try {
  const page = await browser.newPage();
  const foreign = [];
  const problems = [];
  page.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol.startsWith("http") && origin !== new URL(url).origin) foreign.push(request.url());
  });
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(message.text());
  });

  await page.goto(`${url}/docs`);
  await page.locator(".opblock").first().waitFor();

  await page.locator(".btn.authorize").first().click();
  await page.locator("#oauth_username").fill(username);
  await page.locator("#oauth_password").fill(password);
  await page.getByLabel("Apply given OAuth2 credentials").click();
  await page.getByLabel("Remove authorization").first().waitFor();
  await page.locator(".btn-done").first().click();

  const operation = page.locator(".opblock-get", {
    has: page.locator('[data-path="/users/me"]'),
  });
  await operation.locator(".opblock-summary-control").click();
  await operation.locator(".try-out__btn").click();
  await operation.locator(".execute").click();
  const answer = operation.locator(".live-responses-table .response");
  await answer.first().waitFor();
  const text = await answer.first().innerText();
  if (process.env.SCREENSHOT) await page.screenshot({ path: process.env.SCREENSHOT });
  assert.match(text, /^\s*200/, "the protected route answered: " + text);
  assert.ok(text.includes(`"username": "${username}"`), text);

  assert.deepEqual(foreign, [], "the page asked other hosts");
  assert.deepEqual(problems, [], "the console has errors");
  console.log("1 passed, 0 failed");
} finally {
  await browser.close();
}
