/** A rule of the specification that servers break, although an agent still gets its answers. */
type DeviationText = {
  /** Where the rule stands: a page of the specification and a heading in it. */
  readonly section: string;
  /** What the server did, as a sentence. */
  readonly says: string;
};

/**
 * The rules whose breaches are counted, one row each: names for thresholds and reports, and what they mean. A breach is
 * never an outcome. Plans and stored reports use these names, so that they must not change.
 */
export const DEVIATIONS = {
  'notification-ack': {
    section: 'Transports, "Sending Messages to the Server"',
    says: 'It accepted a notification or a response with something other than an empty 202.',
  },
  'revision-of-another-transport': {
    section: 'Lifecycle, "Version Negotiation"',
    says: 'It answered initialize with 2024-11-05, which does not have Streamable HTTP.',
  },
  'empty-cursor': {
    section: 'Pagination, "Response Format"',
    says: 'It ended a list with an empty nextCursor instead of none.',
  },
  'capability-not-declared': {
    section: 'Tools, "Capabilities"',
    says: 'It has tools but does not declare the capability.',
  },
  'byte-order-mark': {
    section: 'Transports, "Messages" (RFC 8259 §8.1)',
    says: 'It began JSON with a byte order mark; writers must not.',
  },
  'dead-session-status': {
    section: 'Transports, "Session Management"',
    says: 'It refused a session that it does not know with something other than 404, so that many clients do not recover.',
  },
  'endless-list': {
    section: 'Pagination, "Implementation Guidelines"',
    says: 'A list did not end: a cursor came twice, or there were more pages or items than a client can read.',
  },
  'server-request-on-stream': {
    section: 'Transports (2026-07-28), "Receiving Messages"',
    says: 'It sent a request to the client, which this revision does not have.',
  },
  'undeclared-client-feature': {
    section: 'Lifecycle, "Operation"',
    says: 'It asked for sampling, roots or elicitation, which the client had not declared.',
  },
  'content-misshapen': {
    section: 'Tools, "Tool Result"',
    says: 'A part of a result has an unknown type or lacks a field that its type needs.',
  },
  'tool-schema-invalid': {
    section: 'Tools, "Tool"',
    says: 'A tool has no inputSchema, or one that is not an object.',
  },
  'session-id-invalid': {
    section: 'Transports, "Session Management"',
    says: 'A session id is short enough to guess (fewer than 16 characters) or has characters that it must not have.',
  },
  'tools-differ-between-clients': {
    section: 'Tools, "Capabilities"',
    says: 'Sessions with the same credentials got different lists of tools, as from replicas of different builds.',
  },
  'server-differs-between-replies': {
    section: 'Lifecycle, "Initialization"',
    says: 'Its name, version, revision or capabilities differed between sessions, as in a mixed deployment.',
  },
  'task-not-durable': {
    section: 'Tasks, "Task Creation"',
    says: 'It did not know a task that it had created.',
  },
  'message-after-response': {
    section: 'Transports, "Sending Messages to the Server"',
    says: 'It sent more messages on a stream after the response.',
  },
} as const satisfies Readonly<Record<string, DeviationText>>;

/** The name of a rule. */
export type DeviationRule = keyof typeof DEVIATIONS;

export const DEVIATION_RULES = Object.keys(DEVIATIONS) as readonly DeviationRule[];

/** The text of a rule; of a stored name that this version does not have, the name. */
export function deviationText(rule: string): DeviationText {
  const texts: Readonly<Record<string, DeviationText>> = DEVIATIONS;
  return Object.hasOwn(texts, rule) ? (texts[rule] as DeviationText) : { section: '', says: rule };
}
