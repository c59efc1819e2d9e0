/** The four servers of the reference fleet, in the order in which they are listed everywhere. */
export const serverNames = ['learn', 'github', 'context7', 'ado'] as const;

export type ServerName = (typeof serverNames)[number];
