import { useState } from "react";
import { notificationsOn, notificationsPossible, switchNotifications } from "../notifications";

export function NotificationChoice() {
  const [on, setOn] = useState(notificationsOn);
  const [refused, setRefused] = useState(false);
  const change = async (wanted: boolean) => {
    const now = await switchNotifications(wanted);
    setOn(now);
    setRefused(wanted && !now);
  };
  return (
    <section>
      <h2>Notifications</h2>
      <label className="choice">
        <input type="checkbox" checked={on} disabled={!notificationsPossible()} onChange={(event) => void change(event.target.checked)} />
        Show new messages while this page is in the background
      </label>
      {!notificationsPossible() && <p className="quiet">They need a connection by https.</p>}
      {refused && <p className="bad" role="alert">Your browser does not allow them for this page.</p>}
    </section>
  );
}
