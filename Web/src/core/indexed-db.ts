// The outbox and the snapshot in IndexedDB. Every call opens what it needs by itself, so a database that was closed by the
// browser (or deleted by the person) is simply opened again.

import type { UserId } from "../protocol/types";
import type { Snapshot, SnapshotStorage } from "./cache";
import type { OutboxStorage, Pending } from "./outbox/outbox";

const databaseName = "parley";
type StoreName = "outbox" | "snapshot";

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(databaseName, 1);
    opening.onupgradeneeded = () => {
      opening.result.createObjectStore("outbox", { keyPath: "id" });
      opening.result.createObjectStore("snapshot", { keyPath: "user" });
    };
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
    opening.onblocked = () => reject(new Error("blocked"));
  });
}

async function use<Result>(
  name: StoreName, mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<Result>,
): Promise<Result> {
  const database = await open();
  try {
    return await new Promise<Result>((resolve, reject) => {
      // strict: the write is on the disk before a message leaves, or a crash could forget its id.
      const transaction = database.transaction(name, mode, { durability: "strict" } as IDBTransactionOptions);
      const request = work(transaction.objectStore(name));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

export const outboxStorage: OutboxStorage = {
  async all(user) {
    const entries = await use<Pending[]>("outbox", "readonly", (store) => store.getAll());
    return entries.filter((entry) => entry.user === user);
  },
  async put(pending, instead = pending.id) {
    await use("outbox", "readwrite", (store) => {
      store.delete(instead);
      return store.put(pending);
    });
  },
  async remove(id) { await use("outbox", "readwrite", (store) => store.delete(id)); },
};

export const snapshotStorage: SnapshotStorage = {
  async load(user: UserId) { return (await use<Snapshot | undefined>("snapshot", "readonly", (store) => store.get(user))) ?? null; },
  async save(snapshot) { await use("snapshot", "readwrite", (store) => store.put(snapshot)); },
  async clear() { await use("snapshot", "readwrite", (store) => store.clear()); },
};
