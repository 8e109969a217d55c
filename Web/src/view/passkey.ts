// The browser's own part of passkeys.

import { type CreationOptions, type Credential, encodeCredential, forCreation, forRequest, type RequestOptions } from "../core/passkeys";

const given = (credential: unknown): unknown => {
  if (credential === null) throw new Error("the browser gave no passkey");
  return encodeCredential(credential as Credential);
};

/** Throws what the browser throws, as when the person thinks better of it. */
export async function makePasskey(options: CreationOptions): Promise<unknown> {
  return given(await navigator.credentials.create({ publicKey: forCreation(options) }));
}

export async function showPasskey(options: RequestOptions): Promise<unknown> {
  return given(await navigator.credentials.get({ publicKey: forRequest(options) }));
}
