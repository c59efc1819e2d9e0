/** The wire's value as @azure/functions takes and returns it: exactly one of the members is set. */
export interface TypedData {
  readonly string?: string;
  readonly json?: string;
  readonly bytes?: Uint8Array;
  readonly int?: number;
  readonly double?: number;
  readonly http?: HttpData;
}

export interface HttpData {
  readonly method?: string;
  readonly url?: string;
  readonly statusCode?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly params?: Readonly<Record<string, string>>;
  readonly body?: TypedData | null;
  readonly cookies?: readonly HttpCookie[];
}

export interface HttpCookie {
  readonly name: string;
  readonly value: string;
  readonly domain?: { readonly value: string };
  readonly path?: { readonly value: string };
  readonly expires?: { readonly value: { readonly seconds: number } };
  readonly secure?: { readonly value: boolean };
  readonly httpOnly?: { readonly value: boolean };
  readonly sameSite?: 'none' | 'lax' | 'strict' | 'explicitNone';
  readonly maxAge?: { readonly value: number };
}

/**
 * What a function returned, as the JSON text that a durable history holds. A function that returned nothing
 * gives `null`: durable-functions parses every result and cannot parse an absent one.
 */
export function jsonTextOf(data: TypedData | null | undefined): string {
  if (data?.json !== undefined) {
    return data.json;
  }
  if (data?.bytes !== undefined) {
    return JSON.stringify(Buffer.from(data.bytes).toString('base64'));
  }
  return JSON.stringify(data?.string ?? data?.int ?? data?.double ?? null);
}
