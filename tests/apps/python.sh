#!/bin/bash
# The Python interpreter: threads, queues, conditions, subprocesses, a socket server, an exception in a thread.
# shellcheck disable=SC2317 # compare calls the functions
# shellcheck source=tests/apps/lib.bash
. "$(dirname "$0")/lib.bash"
app_begin python3

cat >"$work/threads.py" <<'PYTHON'
import concurrent.futures, ctypes, hashlib, queue, socket, subprocess, sys, threading, time, zlib

def hashes():
    blocks = [bytes([i]) * 200000 for i in range(40)]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        return [h[:8] for h in pool.map(lambda b: hashlib.sha256(zlib.compress(b)).hexdigest(), blocks)]

def pipeline():
    first, second, out = queue.Queue(4), queue.Queue(4), []
    def stage(source, target):
        while (item := source.get()) is not None:
            target.put(item * 2 + 1)
        target.put(None)
    threads = [threading.Thread(target=stage, args=(first, second))]
    threads.append(threading.Thread(target=lambda: [out.append(i) for i in iter(second.get, None)]))
    for thread in threads: thread.start()
    for i in range(300): first.put(i)
    first.put(None)
    for thread in threads: thread.join()
    return sum(out)

def echo():
    server = socket.create_server(('127.0.0.1', 0))
    def serve():
        connection, _ = server.accept()
        with connection:
            while data := connection.recv(100): connection.sendall(data.upper())
    thread = threading.Thread(target=serve); thread.start()
    answers = b''
    with socket.create_connection(server.getsockname()) as client:
        for word in (b'hello', b'kiwi'):
            client.sendall(word); answers += client.recv(100)
    thread.join(); server.close()
    return answers

def condition():
    cond, turn, seen = threading.Condition(), [0], []
    def player(me):
        for i in range(50):
            with cond:
                cond.wait_for(lambda: turn[0] % 2 == me, timeout=60)
                seen.append(me); turn[0] += 1; cond.notify_all()
    threads = [threading.Thread(target=player, args=(i,)) for i in (0, 1)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    return sum(seen), len(seen)

def failing():
    caught = []
    threading.excepthook = lambda args: caught.append(args.exc_type.__name__)
    thread = threading.Thread(target=lambda: 1 / 0); thread.start(); thread.join()
    return caught

def many():
    total = [0]; lock = threading.Lock()
    def add():
        with lock: total[0] += 1
    for _ in range(10):
        threads = [threading.Thread(target=add) for _ in range(20)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
    return total

print(hashes()); print(pipeline()); print(echo()); print(condition()); print(failing()); print(many())
print(subprocess.run([sys.executable, '-c', 'print(6 * 7)'], stdout=subprocess.PIPE).stdout)
threading.Thread(target=lambda: time.sleep(30), daemon=True).start() # alive when the interpreter ends
sys.exit(7)
PYTHON

session() { under "$1" python3 "$work/threads.py"; }

compare "python3 works as bare" 7 session
no_critical "python3: no critical finding"
remove_traces
export RECORD=heap=exact
compare "python3 works as bare, heap=exact" 7 session
no_critical "python3: no critical finding, heap=exact"
app_end
