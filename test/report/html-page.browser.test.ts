import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { after, before, it, type TestContext } from 'node:test';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { renderHtml } from '../../src/report/html/html.ts';
import { type LoopbackServer, listenOnLoopback } from '../support/loopback-server.ts';
import { reportVariants } from '../support/report-variants.ts';

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const pages: ReadonlyMap<string, string> = new Map(
  Object.entries(reportVariants()).map(([name, report]) => [`/${name}`, renderHtml(report)]),
);
/** What an escape that was forgotten would let in. */
const INTRUDER = `<script>document.title = 'ran'</script><img src="/seen" onerror="document.title = 'ran'"><style>body { display: none }</style>`;

/** Without Chromium the tests are skipped, but not in CI. */
const skip =
  executablePath === undefined &&
  process.env.CI === undefined &&
  'there is no Chromium on this machine (apt-get install chromium)';

const served: string[] = [];
/** Serves the pages without any header of protection: the page has to protect itself. */
const server = createServer((request, response) => {
  const path = request.url ?? '';
  served.push(path);
  const body = path === '/intruded' ? pages.get('/failed')?.replace('<main>', `<main>${INTRUDER}`) : pages.get(path);
  response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'text/html; charset=utf-8' }).end(body);
});
let listening: LoopbackServer | undefined;
let browser: Browser | undefined;
let origin: string;

before(async () => {
  if (skip !== false) return;
  assert.ok(executablePath, 'CI needs Chromium for this test');
  listening = await listenOnLoopback(server);
  origin = `http://127.0.0.1:${listening.port}`;
  browser = await chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
});
after(async () => {
  await browser?.close();
  await listening?.close();
});

/** Opens a page that is closed after the test. */
async function openPage(t: TestContext, options: BrowserContextOptions = {}): Promise<Page> {
  const page = (await browser?.newPage(options)) ?? assert.fail('no browser');
  t.after(() => page.close());
  return page;
}

for (const path of pages.keys()) {
  it(`page ${path} loads nothing else, logs nothing, and fits a phone and a desktop`, { skip }, async (t) => {
    const page = await openPage(t);
    const heard: string[] = [];
    page.on('console', (message) => heard.push(message.text()));
    page.on('pageerror', (error) => heard.push(error.message));
    page.on('dialog', (dialog) => heard.push(dialog.message()));
    page.on('request', (request) => request.url() !== origin + path && heard.push(request.url()));
    await page.goto(origin + path);
    for (const width of [390, 1280]) {
      await page.setViewportSize({ width, height: 800 });
      const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
      assert.ok(overflow <= 0, `${overflow} px wider than ${width} px`);
    }
    assert.deepEqual(heard, []);
  });
}

it('shows failures above the charts, and the figures of the interval under the pointer', { skip }, async (t) => {
  const page = await openPage(t, { viewport: { width: 1280, height: 800 } });
  await page.goto(`${origin}/failed`);
  const failures = await page.locator('#failures').boundingBox();
  const chart = page.locator('svg.chart').first();
  const box = await chart.boundingBox();
  assert.ok(failures && box && failures.y + failures.height <= box.y);
  const reading = chart.locator('.band text').nth(20);
  assert.equal(await reading.isVisible(), false);
  await chart.locator('.band').nth(20).hover();
  assert.equal(await reading.isVisible(), true);
  assert.match((await reading.textContent()) ?? '', /^3:20–3:30: p50 \d/);
});

it('blocks injected markup by its content security policy', { skip }, async (t) => {
  const page = await openPage(t);
  served.length = 0;
  await page.goto(`${origin}/intruded`);
  assert.deepEqual(served, ['/intruded']);
  assert.match(await page.title(), /Failed/);
  assert.ok(await page.locator('#failures').isVisible());
});

it('keeps a text contrast of at least 4.5 to 1 in light and dark', { skip }, async (t) => {
  const page = await openPage(t);
  for (const path of ['/failed', '/invalid', '/passed', '/stopped', '/unjudged', '/troubled', '/modelled']) {
    await page.goto(origin + path);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      assert.deepEqual(await page.evaluate(LOW_CONTRAST), [], `${path} ${colorScheme}`);
    }
  }
});

/** Runs in the page: texts whose colour is too near the colour behind them, by the formula of WCAG 2. */
const LOW_CONTRAST = `(() => {
  const parse = (colour) => (colour.match(/[\\d.]+/g) ?? []).map(Number);
  const luminance = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const style = getComputedStyle(e);
      // The lightest colour of a gradient is the hardest for white text.
      if (style.backgroundImage !== 'none') return parse(style.backgroundImage.match(/rgb[^)]*\\)/)[0]);
      const colour = parse(style.backgroundColor);
      if (colour.length === 3) return colour;
    }
    return [255, 255, 255];
  };
  const low = new Set();
  for (const element of document.querySelectorAll('body, body *:not(title)')) {
    if (![...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '')) continue;
    const style = getComputedStyle(element);
    const ink = parse(element.ownerSVGElement ? style.fill : style.color);
    const [a, b] = [luminance(ink), luminance(behind(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) low.add(element.tagName + '.' + (element.getAttribute('class') ?? '') + ' ' + ratio.toFixed(2));
  }
  return [...low];
})()`;
