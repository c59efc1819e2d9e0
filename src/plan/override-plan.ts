import { isMap, parseDocument } from 'yaml';

/** Changes that a command line makes to a plan without editing its file. */
export type PlanOverrides = {
  /** New URLs of targets by name, e.g. of a staging server. */
  readonly targets?: Readonly<Record<string, string>>;
  /** New token URLs of targets by name. */
  readonly tokenUrls?: Readonly<Record<string, string>>;
  /** New duration of every scenario, as a plan writes it. */
  readonly duration?: string;
};

/**
 * The plan's text with the overrides put in; comments and lines stay, so that problems still name the right place.
 * What a name does not find is added all the same: parsing then refuses it with its path.
 */
export function overridePlan(text: string, overrides: PlanOverrides): string {
  const document = parseDocument(text);
  if (document.errors.length > 0 || !isMap(document.contents)) return text;
  for (const [name, url] of Object.entries(overrides.targets ?? {})) document.setIn(['targets', name, 'url'], url);
  for (const [name, url] of Object.entries(overrides.tokenUrls ?? {})) {
    document.setIn(['targets', name, 'auth', 'tokenUrl'], url);
  }
  const scenarios = document.get('scenarios');
  if (overrides.duration !== undefined && isMap(scenarios)) {
    for (const { key } of scenarios.items) document.setIn(['scenarios', key, 'duration'], overrides.duration);
  }
  return document.toString({ lineWidth: 0 });
}
