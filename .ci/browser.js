// Opens the class page (scripts/page) in a real, headless Chromium, walks through every demo and step in both
// languages, filters statements, looks for text that is cut off, and reports what it has seen.
//
//   node .ci/browser.js PAGE.html [DIRECTORY]      screenshots go to DIRECTORY
'use strict';
const { spawn } = require('child_process'), fs = require('fs'), os = require('os'), path = require('path');
const [page, shots] = process.argv.slice(2);
const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'browser-'));
const chromium = spawn(process.env.CHROMIUM || 'chromium', ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-ipc-flooding-protection', '--remote-debugging-pipe',
  `--user-data-dir=${profile}`, '--lang=en', 'about:blank'], { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'], env: { ...process.env, TMPDIR: profile } });
let number = 0, rest = '', session, done = false;
chromium.on('exit', code => { if (!done) { console.log(`not ok: the browser has ended, ${code}`); process.exit(1); } });
chromium.on('error', e => { console.log(`not ok: ${e.message}`); process.exit(1); });
const waiting = new Map(), events = [];
chromium.stdio[4].on('data', data => { // messages end with a NUL
  const messages = (rest + data).split('\0');
  rest = messages.pop();
  for (const m of messages.map(x => JSON.parse(x))) {
    if (!m.id) { events.push(m); continue; }
    const { resolve, reject } = waiting.get(m.id);
    if (m.error) reject(new Error(m.error.message)); else resolve(m.result);
  }
});
const send = (method, params = {}) => new Promise((resolve, reject) => {
  waiting.set(++number, { resolve, reject });
  chromium.stdio[3].write(JSON.stringify({ id: number, method, params, sessionId: session }) + '\0');
});
async function run(f, ...args) { // f runs in the page
  const r = await send('Runtime.evaluate', { expression: `(${f})(...${JSON.stringify(args)})`, returnByValue: true, awaitPromise: true });
  if (r.exceptionDetails) throw new Error(r.exceptionDetails.exception?.description || r.exceptionDetails.text);
  return r.result.value;
}
const size = (width, height) => send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: width < 800 });
const light = (theme, media = '') => send('Emulation.setEmulatedMedia', { media, features: [{ name: 'prefers-color-scheme', value: theme }, { name: 'prefers-reduced-motion', value: 'reduce' }] });
const go = (hash, lang = 'en') => run((h, zh) => { const box = document.querySelector('#zh'); if (box.checked !== zh) box.click(); history.replaceState(null, '', h); dispatchEvent(new PopStateEvent('popstate')); }, hash, lang === 'zh');
async function shot(name) {
  if (!shots) return;
  const { data } = await send('Page.captureScreenshot');
  fs.writeFileSync(path.join(shots, name + '.png'), Buffer.from(data, 'base64'));
}
const wrong = [];
const check = (ok, text) => { if (!ok) wrong.push(text); };

// In the page: what sticks out to the right, or is cut off, where it cannot be scrolled to.
function overflow() {
  const bad = [], wide = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > wide) bad.push(`the page is ${document.documentElement.scrollWidth} wide`);
  const shown = [...document.querySelector('main').children, document.querySelector('.top')].filter(e => e.matches('.stage, .view.on, .top')); // quicker than one query of all
  for (const e of shown.flatMap(e => [...e.querySelectorAll('*')])) {
    const own = [...e.childNodes].some(c => c.nodeType === 3 && c.data.trim()); // the cheap questions first
    if (!own) continue;
    const box = e.getBoundingClientRect();
    if (!box.width || e.closest('.vh, .where, [aria-hidden=true]')) continue;
    const style = getComputedStyle(e), scroller = e.closest('pre, .scroll, .mean');
    if (style.visibility === 'hidden') continue;
    if (box.right > wide + 1 && !(scroller && scroller.scrollWidth > scroller.clientWidth)) bad.push(`sticks out: ${e.textContent.slice(0, 40)}`);
    if (e.scrollWidth > e.clientWidth + 1 && style.overflowX === 'hidden') bad.push(`cut off: ${e.textContent.slice(0, 40)}`);
    if (e.tagName === 'text') { // what stands in a box must fit into it
      const frame = e.parentNode.querySelector('rect'), b = frame && frame.getBoundingClientRect();
      if (b && e.parentNode.matches('.pr, .fr') && (box.right > b.right + 1 || box.left < b.left - 1)) bad.push(`out of its box: ${e.textContent}`);
    }
  }
  const texts = shown.flatMap(e => [...e.querySelectorAll('.live :is(.pr, .fr) text')]).filter(t => t.getBoundingClientRect().width);
  texts.forEach((t, i) => { const a = t.getBoundingClientRect();
    if (texts.slice(i + 1).some(u => { const b = u.getBoundingClientRect(); return u.parentNode === t.parentNode && a.right > b.left + 1 && b.right > a.left + 1 && a.bottom > b.top + 4 && b.bottom > a.top + 4; })) bad.push(`texts overlap: ${t.textContent}`); });
  return [...new Set(bad)];
}

(async () => {
  const { targetId } = await send('Target.createTarget', { url: 'about:blank' });
  session = (await send('Target.attachToTarget', { targetId, flatten: true })).sessionId;
  await send('Page.enable'); await send('Runtime.enable'); await send('Network.enable');
  await light('light'); await size(1280, 720);
  await send('Page.navigate', { url: 'file://' + path.resolve(page) });
  for (let i = 0; i < 100 && !await run(() => document.readyState === 'complete' && !!document.querySelector('.view.on')); i++) await run(() => new Promise(r => setTimeout(r, 50)));
  await shot('demos');
  const demos = await run(() => [...document.querySelectorAll('.demo')].map(d => d.id));
  let steps = 0, checks = 0, pictures = 0, questions = 0, screens = 0;
  for (const lang of ['en', 'zh'])
    for (const demo of demos) {
      await go('#' + demo + '/1', lang);
      const seen = await run(() => { // through the demo with the arrow key, as an instructor would
        const stage = document.querySelector('.stage'), key = k => document.body.dispatchEvent(new KeyboardEvent('keydown', { key: k, bubbles: true }));
        const seen = { steps: 0, checks: new Set(), pictures: 0, questions: 0, leaks: [] }, at = new Set();
        for (let i = 0; i < 200; i++) {
          const ask = stage.querySelector('.ask:not([hidden])'), on = stage.querySelector('.ls.on');
          if (on && !on.matches('.try')) at.add(on.dataset.n);
          if (ask && ask.offsetHeight) { seen.questions++; if ([...on.querySelectorAll('.ck')].some(c => c.offsetHeight)) seen.leaks.push(location.hash); }
          const watch = ask && [...stage.querySelectorAll('.ps .l')].find(l => /^ \* Watch /.test(l.textContent)); // the answer, in the head of the file
          if (watch && watch.checkVisibility({ visibilityProperty: true })) seen.leaks.push(location.hash + ' Watch');
          stage.querySelectorAll('.ls.on:not(.try) .ck').forEach(c => { if (c.offsetHeight) seen.checks.add(c.dataset.id); });
          if (stage.querySelector('.live svg:not(.quiet)')) seen.pictures++;
          const before = location.hash + stage.querySelector('.live').innerHTML;
          key('ArrowRight');
          if (!location.hash.startsWith('#' + stage.querySelector('.kick code').textContent + '/') || before === location.hash + stage.querySelector('.live').innerHTML) break;
        }
        return { ...seen, steps: at.size, checks: seen.checks.size };
      });
      const there = await run(d => ({ steps: document.getElementById(d).querySelectorAll('.step').length, checks: document.getElementById(d).querySelectorAll('.steps .ck[id]').length, questions: document.getElementById(d).querySelectorAll('.step[data-q]').length }), demo);
      for (const what of ['steps', 'checks']) check(seen[what] === there[what], `${demo} (${lang}): ${seen[what]} of ${there[what]} ${what} seen`);
      check(lang === 'zh' || seen.questions === there.questions, `${demo}: ${seen.questions} of ${there.questions} questions asked`);
      check(!seen.leaks.length, `${demo}: an answer before its question: ${seen.leaks}`);
      if (lang === 'en') { steps += seen.steps; checks += seen.checks; pictures += seen.pictures; questions += seen.questions; }
    }
  await go('#05_cow_after_fork/1');
  const keys = await run(() => { // a large picture keeps the question, a large source has the window
    const key = k => document.body.dispatchEvent(new KeyboardEvent('keydown', { key: k, bubbles: true })), wide = s => { const e = document.querySelector('.stage ' + s); return e?.offsetHeight && e.offsetWidth / innerWidth; };
    const seen = {};
    key('r'); key('ArrowRight');
    key('f'); seen.picture = wide('.pp') > .9 && wide('.ask:not([hidden])') > .5;
    key('s'); seen.source = wide('.ps') > .9 && !wide('.pp');
    key('s'); seen.both = wide('.ps') > .3 && wide('.pp') > .3;
    key('End'); key('ArrowRight'); key('ArrowRight'); seen.try = location.hash.endsWith('/try');
    key('ArrowRight'); seen.next = /^#\d\d_\w+\/1$/.test(location.hash) && !location.hash.startsWith('#05_cow_after');
    return seen;
  });
  check(Object.values(keys).every(x => x), `keys: ${JSON.stringify(keys)}`);
  await go('#statements');
  const filtered = await run(() => { // statements: a verdict, a section, a word
    const form = document.querySelector('.flt'), rows = () => [...document.querySelectorAll('.st:not([hidden])')], all = rows().length;
    form.querySelector('[value=w]').click();
    const bad = rows().filter(r => r.dataset.v !== 'w').length, wrong = rows().length;
    form.s.value = '5'; form.oninput();
    const section = rows().length;
    form.q.value = 'fork'; form.oninput();
    const word = rows().length, astray = rows().filter(r => r.dataset.s !== '5' || !/fork/i.test(r.textContent)).length;
    form.reset(); form.oninput();
    return { all, wrong, section, word, bad: bad + astray, after: rows().length };
  });
  check(!filtered.bad && filtered.all > filtered.wrong && filtered.wrong > filtered.section && filtered.section >= filtered.word && filtered.word > 0 && filtered.after === filtered.all, `statements: ${JSON.stringify(filtered)}`);
  for (const [width, height] of [[360, 740], [1024, 700], [1280, 720], [1920, 1080]]) {
    await size(width, height);
    for (const lang of width === 360 || width === 1280 ? ['en', 'zh'] : ['en']) {
      await go('#demos', lang);
      for (const demo of ['', ...demos]) {
        const found = await run(`(demo => { const overflow = ${overflow}, found = [];
          const all = demo ? [...document.getElementById(demo).querySelectorAll('.step')].map(s => s.id + '/answer').concat(demo + '/try') : ['demos', 'statements', 'symptoms', 'speed'];
          for (const hash of all) { history.replaceState(null, '', '#' + hash); dispatchEvent(new PopStateEvent('popstate')); found.push(...overflow().map(t => hash + ': ' + t)); }
          return { all: all.length, found }; })`, demo);
        found.found.forEach(text => check(false, `${width} px, ${lang}, #${text}`));
        screens += found.all;
      }
    }
  }
  for (const [name, width, height] of [['projector', 1280, 720], ['phone', 390, 844]]) for (const theme of ['light', 'dark']) for (const lang of ['en', 'zh']) {
    await light(theme); await size(width, height);
    for (const hash of ['#demos', '#05_cow_after_fork/4', '#05_cow_after_fork/4/answer', '#05_cow_after_fork/try', '#statements?v=w', '#speed']) { await go(hash, lang); await shot(`${name}-${theme}-${lang}-${hash.replace(/\W+/g, '_')}`); if (!shots) break; }
  }
  if (shots) { await go('#05_cow_after_fork/1'); await light('light', 'print'); fs.writeFileSync(path.join(shots, 'handout.pdf'), Buffer.from((await send('Page.printToPDF', { preferCSSPageSize: true, printBackground: true })).data, 'base64')); }
  const failed = events.filter(e => e.method === 'Runtime.exceptionThrown').map(e => e.params.exceptionDetails.exception?.description || e.params.exceptionDetails.text);
  const asked = events.filter(e => e.method === 'Network.requestWillBeSent').map(e => e.params.request.url).filter(u => !/^(file|data|about):/.test(u));
  check(!failed.length, `exceptions: ${failed}`); check(!asked.length, `asked the network for ${asked}`);
  console.log(`${demos.length} demos, ${steps} steps, ${checks} checks, ${questions} questions, ${pictures} pictures; ${filtered.all} statements, ${filtered.wrong} of them wrong; ${screens} screens looked at for overflow`);
})().catch(e => wrong.push(e.stack)).then(() => {
  wrong.slice(0, 60).forEach(w => console.log('not ok: ' + w));
  done = true; chromium.kill(); chromium.on('exit', () => { fs.rmSync(profile, { recursive: true, force: true, maxRetries: 5 }); process.exit(wrong.length ? 1 : 0); });
});
