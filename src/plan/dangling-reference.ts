/** A part of a plan that is right by itself and wrong beside the others. */
export type DanglingReference = { readonly path: readonly PropertyKey[]; readonly message: string };
