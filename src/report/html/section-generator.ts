import { generatorFacts, generatorSentence } from '../generator-words.ts';
import type { Report } from '../report.ts';
import { html, type Markup } from './markup.ts';
import { passOrFail } from './section-thresholds.ts';

/** Whether the load generator did what the plan asked, by its own figures. */
export function generatorSection({ generator }: Report): Markup {
  const rules = generator.rules.toSorted((a, b) => Number(a.ok) - Number(b.ok));
  const broken = rules.some((rule) => !rule.ok);
  return html`<section id="generator"><h2>Can these figures be trusted?</h2>
<p class="${broken ? 'broken' : ''}">${generatorSentence(generator)}</p>
<div class="halves">${
    rules.length === 0
      ? null
      : html`<table><caption>Rules about the generator</caption>
<thead><tr><th scope="col">Result</th><th scope="col">Rule</th></tr></thead>
<tbody>${rules.map(
          ({ rule, ok, detail }) =>
            html`<tr><td>${passOrFail(ok)}</td><th scope="row">${rule}<p>${detail}</p></th></tr>`,
        )}</tbody></table>`
  }
<table><caption>The generator’s own figures</caption>
<thead class="unseen"><tr><th scope="col">Figure</th><th scope="col">Value</th></tr></thead>
<tbody>${generatorFacts(generator).map(({ name, value }) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</tbody></table></div></section>`;
}
