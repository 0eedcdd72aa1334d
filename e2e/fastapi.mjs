// FastAPI's documentation page in a real browser: Authorize logs in at Countersign's /token, a
// protected route answers 200, and after the log-out it answers 401.
// Usage: node fastapi.mjs PAGE USERNAME PASSWORD
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const [url, username, password] = process.argv.slice(2);
const swagger = createRequire(import.meta.url).resolve("swagger-ui-dist/package.json");
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
});

try {
  const page = await browser.newPage();
  const problems = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  // FastAPI's page loads Swagger UI from a CDN and its icon from elsewhere; tests reach neither.
  await page.route(/^https:/, async (route) => {
    const file = new URL(route.request().url()).pathname.split("/").pop();
    const served = /^swagger-ui(-bundle\.js|\.css)$/.test(file);
    if (!served) return route.fulfill({ status: 404 });
    const body = await readFile(new URL(file, `file://${swagger}`));
    const contentType = file.endsWith(".css") ? "text/css" : "text/javascript";
    return route.fulfill({ body, contentType });
  });

  await page.goto(`${url}/docs`);
  await page.locator(".opblock").first().waitFor();

  /** Executes an operation of the page; answers the status and the text that it shows. */
  const execute = async (method, path, prepare = async () => {}) => {
    const operation = page.locator(`.opblock-${method}`, {
      has: page.locator(`[data-path="${path}"]`),
    });
    if (!(await operation.locator(".try-out, .execute").count())) {
      await operation.locator(".opblock-summary-control").click();
    }
    if (!(await operation.locator(".execute").count())) {
      await operation.locator(".try-out__btn").click();
    }
    await prepare(operation);
    const answered = page.waitForResponse(
      (response) => response.url().endsWith(path) && response.request().method() !== "OPTIONS",
    );
    await operation.locator(".execute").click();
    const status = (await answered).status();
    const shown = operation.locator(".live-responses-table .response").first();
    await shown.locator(".response-col_status", { hasText: String(status) }).waitFor();
    return { status, text: await shown.innerText() };
  };

  const before = await execute("get", "/mine");
  assert.equal(before.status, 401, before.text);
  assert.match(before.text, /missing_token/);

  await page.locator(".btn.authorize").first().click();
  await page.locator("#oauth_username").fill(username);
  await page.locator("#oauth_password").fill(password);
  await page.getByLabel("Apply given OAuth2 credentials").click();
  await page.getByLabel("Remove authorization").waitFor();
  await page.locator(".btn-done").first().click();

  const mine = await execute("get", "/mine");
  assert.equal(mine.status, 200, mine.text);
  assert.ok(mine.text.includes(`"username": "${username}"`), mine.text);

  const reports = await execute("get", "/reports");
  assert.equal(reports.status, 403, reports.text);
  assert.match(reports.text, /insufficient_scope/);

  const me = await execute("get", "/auth/users/me");
  assert.equal(me.status, 200, me.text);

  const out = await execute("post", "/auth/logout", async (operation) => {
    const body = operation.locator(".body-param__text");
    if (await body.count()) await body.fill("");
  });
  assert.equal(out.status, 204, out.text);

  const after = await execute("get", "/mine");
  if (process.env.SCREENSHOT) await page.screenshot({ path: process.env.SCREENSHOT });
  assert.equal(after.status, 401, after.text);
  assert.match(after.text, /invalid_token/);

  assert.deepEqual(problems, [], "the page has errors");
  console.log(`1 passed, 0 failed (${url}/docs)`);
} finally {
  await browser.close();
}
