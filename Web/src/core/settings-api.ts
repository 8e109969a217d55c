// The REST routes of the settings: apart from those of every visit (api.ts), since few visits need them.

import type { DeviceSession, Factors, OfferedApp, User } from "../protocol/types";
import type { CreationOptions } from "./passkeys";
import type { Session } from "./session/session";

export class SettingsApi {
  constructor(private readonly session: Session) {}

  async rename(displayName: string): Promise<void> {
    const body = { display_name: displayName };
    this.session.rename((await this.session.call({ method: "PATCH", path: "/api/v1/users/me", body })) as User);
  }

  async changePassword(current: string, next: string): Promise<void> {
    const body = { current_password: current, new_password: next };
    await this.session.call({ method: "POST", path: "/api/v1/auth/password", body });
  }

  async sessions(): Promise<DeviceSession[]> {
    return (await this.get<{ sessions: DeviceSession[] }>("/api/v1/auth/sessions")).sessions;
  }

  async endSession(id: string): Promise<void> {
    await this.session.call({ method: "DELETE", path: `/api/v1/auth/sessions/${id}` });
  }

  async endOtherSessions(): Promise<void> {
    await this.session.call({ method: "DELETE", path: "/api/v1/auth/sessions" });
  }

  factors(): Promise<Factors> {
    return this.get<Factors>("/api/v1/auth/factors");
  }

  offerApp(password: string): Promise<OfferedApp> {
    return this.post<OfferedApp>("/api/v1/auth/factors/totp", { current_password: password });
  }

  async confirmApp(code: string): Promise<string[]> {
    return (await this.post<{ recovery_codes: string[] }>("/api/v1/auth/factors/totp/confirm", { code })).recovery_codes;
  }

  async removeApp(password: string): Promise<void> {
    await this.post("/api/v1/auth/factors/totp/remove", { current_password: password });
  }

  async newRecoveryCodes(password: string): Promise<string[]> {
    const body = { current_password: password };
    return (await this.post<{ recovery_codes: string[] }>("/api/v1/auth/factors/recovery-codes", body)).recovery_codes;
  }

  offerPasskey(password: string): Promise<{ challenge: string; options: CreationOptions }> {
    return this.post("/api/v1/auth/factors/passkeys/options", { current_password: password });
  }

  async addPasskey(challenge: string, name: string, credential: unknown): Promise<void> {
    await this.post("/api/v1/auth/factors/passkeys", { challenge, name, credential });
  }

  async removePasskey(id: string, password: string): Promise<void> {
    await this.post(`/api/v1/auth/factors/passkeys/${id}/remove`, { current_password: password });
  }

  async deleteAccount(password: string, messages: "keep" | "erase"): Promise<void> {
    await this.post("/api/v1/users/me/delete", { current_password: password, messages });
  }

  private post<Answer>(path: string, body: unknown): Promise<Answer> {
    return this.session.call({ method: "POST", path, body }) as Promise<Answer>;
  }

  private get<Answer>(path: string): Promise<Answer> {
    return this.session.call({ method: "GET", path }) as Promise<Answer>;
  }
}
