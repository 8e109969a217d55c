// Options and credentials of WebAuthn between JSON, in which bytes are base64url, and what the browser takes and gives
// (level 3, sections 5.1.8 to 5.1.10; the browser's own functions for it are too new to be counted on).

interface Descriptor {
  type: "public-key";
  id: string;
}

export interface CreationOptions {
  rp: { id: string; name: string };
  user: { id: string; name: string; displayName: string };
  challenge: string;
  pubKeyCredParams: { type: "public-key"; alg: number }[];
  excludeCredentials?: Descriptor[];
  [more: string]: unknown;
}

export interface RequestOptions {
  challenge: string;
  allowCredentials?: Descriptor[];
  [more: string]: unknown;
}

export function decodeBytes(text: string): ArrayBuffer {
  const binary = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0)).buffer;
}

export function encodeBytes(bytes: ArrayBuffer): string {
  const binary = Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

const decodeAll = (descriptors: Descriptor[] = []) => descriptors.map(({ type, id }) => ({ type, id: decodeBytes(id) }));

export function forCreation(options: CreationOptions): PublicKeyCredentialCreationOptions {
  return {
    ...options,
    challenge: decodeBytes(options.challenge),
    user: { ...options.user, id: decodeBytes(options.user.id) },
    excludeCredentials: decodeAll(options.excludeCredentials),
  };
}

export function forRequest(options: RequestOptions): PublicKeyCredentialRequestOptions {
  return { ...options, challenge: decodeBytes(options.challenge), allowCredentials: decodeAll(options.allowCredentials) };
}

/** What of a response goes to the server: those that it has. */
const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"] as const;

export interface Credential {
  id: string;
  rawId: ArrayBuffer;
  type: string;
  response: object;
}

export function encodeCredential({ id, rawId, type, response }: Credential): unknown {
  const fields = response as Partial<Record<typeof parts[number], ArrayBuffer | null>>;
  const encoded: Record<string, string> = {};
  for (const part of parts) {
    const bytes = fields[part];
    if (bytes) encoded[part] = encodeBytes(bytes);
  }
  return { id, rawId: encodeBytes(rawId), type, response: encoded };
}
