"""A websocket that Postern must end while it is busy: what is under way comes whole, and who takes nothing is cut off."""

import threading

from farewell import check_ended, scene, tunnels
from websocket import BINARY, CLOSE, MASK, Pump, encode, read_frame, read_huge

HUGE = bytes(range(256)) * 4096 * 16  # 16 MiB, more than the buffers on the way hold


def test_a_huge_frame_under_way_is_ended_first(scene):
    down, up = scene.open(), scene.open()
    frames = (encode(BINARY, HUGE), encode(BINARY, HUGE, mask=MASK))
    pumps = [Pump(down.behind, frames[0]), Pump(up.client, frames[1])]
    Pump.wait_until_stuck(*pumps)
    scene.begin()
    for sink, frame in ((down.client, frames[0]), (up.behind, frames[1])):
        assert read_huge(sink, len(frame)) == frame
    for pump in pumps:
        pump.join()
    for tunnel in (down, up):
        scene.check_told(tunnel)
        check_ended(tunnel)
    scene.finish()


def test_who_takes_nothing_is_cut_off_and_the_other_side_is_told(scene):
    down, up, both = [scene.open() for _ in range(3)]
    frames = (encode(BINARY, HUGE), encode(BINARY, HUGE, mask=MASK))
    routes = [(down.behind, down.client, frames[0]), (up.client, up.behind, frames[1]),
              (both.behind, both.client, frames[0]), (both.client, both.behind, frames[1])]
    Pump.wait_until_stuck(*[Pump(source, frame) for source, _, frame in routes])
    scene.begin()
    scene.check_upstream_told(down)
    scene.check_client_told(up)
    scene.finish()
    for _, sink, frame in routes:
        received = sink.read_to_end()
        assert len(received) < len(frame) and frame.startswith(received), "nothing but the frame's beginning"
    assert [connection.read_to_end() for connection in (down.behind, up.client)] == [b"", b""]


def test_a_way_that_was_stuck_and_then_hangs_keeps_no_close_frame_from_the_other(scene):
    down, up = scene.open(), scene.open()
    begun = (encode(BINARY, HUGE)[:-1], encode(BINARY, HUGE, mask=MASK)[:-1])
    Pump.wait_until_stuck(Pump(down.behind, begun[0]), Pump(up.client, begun[1]))
    scene.begin()
    assert (read_huge(down.client, len(begun[0])), read_huge(up.behind, len(begun[1]))) == begun
    scene.check_upstream_told(down)
    scene.check_client_told(up)
    assert (down.client.read_to_end(), up.behind.read_to_end()) == (b"", b"")
    scene.finish()


def numbered(count, mask):
    """The count-th of many frames of different sizes, which say which they are."""
    return encode(BINARY, b"%d:" % count + b"x" * (count * 37 % 5000), mask=mask)


def busy(tunnel):
    """Sends both ways until the close frames; returns the threads and what each side received."""
    received = ([], [])

    def send(connection, mask, told):
        count = 0
        while not told.is_set():
            connection.send(numbered(count, mask))
            count += 1

    def receive(connection, frames, told):
        while not frames or frames[-1].opcode != CLOSE:
            frames.append(read_frame(connection))
        told.set()

    threads = []
    for connection, mask, frames in ((tunnel.client, MASK, received[0]), (tunnel.behind, None, received[1])):
        told = threading.Event()
        threads.append(threading.Thread(target=send, args=(connection, mask, told), daemon=True))
        threads.append(threading.Thread(target=receive, args=(connection, frames, told), daemon=True))
    for thread in threads:
        thread.start()
    return threads, received


def test_busy_traffic_comes_whole_and_in_order_up_to_the_close_frame(scene):
    tunnels = [scene.open() for _ in range(2)]
    under_way = [busy(tunnel) for tunnel in tunnels]
    scene.begin()
    for tunnel, (threads, (by_client, by_upstream)) in zip(tunnels, under_way):
        for thread in threads:
            thread.join()
        for frames, masked in ((by_client, False), (by_upstream, True)):
            *data, close = frames
            assert (close.opcode, close.code, close.reason) == (CLOSE, *scene.why.farewell)
            assert data and all((frame.mask is not None) == masked for frame in frames)
            for count, frame in enumerate(data):
                assert frame.payload == b"%d:" % count + b"x" * (count * 37 % 5000), count
        check_ended(tunnel)
    scene.finish()
