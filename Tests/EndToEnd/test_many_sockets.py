"""One person has many devices, but not so many that others find no room."""

from __future__ import annotations

from parley_client import Socket, User
from parley_system import LocalSystem


def test_a_user_has_twenty_sockets_of_a_session_and_a_hundred_in_all_on_a_gateway(strict_system: LocalSystem) -> None:
    gateway = strict_system.public("realtime-gateway-1")
    ada = User.register(strict_system.url, "ada")
    devices = [ada] + [ada.login() for _ in range(5)]
    try:
        first = [devices[0].connect(gateway) for _ in range(21)]
        assert first[0].closed() == 4503 and all(socket.is_open for socket in first[1:])
        others = [device.connect(gateway) for device in devices[1:5] for _ in range(20)]
        assert all(socket.is_open for socket in first[1:] + others)
        late = Socket(gateway)
        devices[5].sockets.append(late)
        late.frame("hello", protocol=1, token=devices[5].token, device="late")
        assert late.closed() == 4004
        others[0].close()
        devices[5].connect(gateway)
    finally:
        for device in devices:
            device.close()
