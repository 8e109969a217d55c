import { useMemo } from "react";
import { SettingsApi } from "../../core/settings-api";
import { useAccount } from "../account-context";

export function useSettingsApi(): SettingsApi {
  const { session } = useAccount();
  return useMemo(() => new SettingsApi(session), [session]);
}
