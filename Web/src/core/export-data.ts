import { refusal } from "./http";
import type { Account } from "./account";

/** Everything of one's own as a ZIP archive; throws ApiError, or whatever ended the answer before it was complete. */
export async function exportData({ session, environment }: Account): Promise<Blob> {
  const headers = { Authorization: `Bearer ${await session.accessToken()}` };
  const response = await environment.fetch("/api/v1/export", { headers, cache: "no-store", credentials: "same-origin", redirect: "error" });
  if (!response.ok) throw refusal(response.status, await response.text(), response.headers.get("Retry-After"));
  const archive = await response.blob();
  // One that was cut off has no directory: it would be a file that nothing opens.
  const end = new Uint8Array(await archive.slice(-endBytes).arrayBuffer());
  if (end[0] !== 0x50 || end[1] !== 0x4b || end[2] !== 5 || end[3] !== 6) throw new Error("the archive was cut off");
  return archive;
}

/** The record that ends an archive without a comment (APPNOTE.TXT, section 4.3.16). */
const endBytes = 22;
