/** Where the page came by https or from this machine, by a name: passkeys belong to domains, and an address is none. */
export const passkeysPossible = (): boolean => typeof PublicKeyCredential !== "undefined" && !/^[\d.]+$|:/.test(location.hostname);
