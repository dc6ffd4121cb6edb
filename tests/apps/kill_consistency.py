#!/usr/bin/env python3
"""Stops and kills a busy program at random moments; its trace must tell the truth at each of them.

    kill_consistency.py BUILD PROGRAM ROUNDS

At a SIGSTOP the mutexes are read from the memory of the stopped process. For each of them `kiwi threads` must name the
thread whose id the mutex has as its owner: as its holder, or as a thread that is just taking or releasing that very lock (a
lock is recorded after it was got and before it is let go). Then SIGKILL, in half of the rounds while stopped, and the dead
process's trace must pass the same checks and give a review without a CRITICAL finding and without loss. TAP on standard output.
"""
import json
import os
import random
import signal
import struct
import subprocess
import sys
import tempfile
import time

MUTEX = struct.Struct('<iIi')  # glibc x86-64: lock word, recursion count, owner's thread id


# What may be found in a program that does nothing but take its locks and is stopped in between.
BUSY = {'lock-contention', 'lock-convoy', 'lock-starvation', 'long-hold'}


class Wrong(Exception):
    pass


class Process:
    """The busy program, recorded."""

    def __init__(self, build, program, directory, seed):
        self.kiwi = os.path.join(build, 'kiwi')
        self.trace = os.path.join(directory, 'trace')
        env = dict(os.environ, LD_PRELOAD=os.path.join(build, 'libkiwi.so'), KIWI_OPTIONS='out=' + self.trace)
        self.child = subprocess.Popen([program, str(seed)], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, env=env)
        words = self.child.stdout.readline().split()
        if len(words) != 4:
            raise Wrong('the program did not start')
        self.address, self.stride, self.count = (int(word, 16) for word in words[1:])

    def stop(self):
        self.child.send_signal(signal.SIGSTOP)
        tasks = '/proc/%d/task' % self.child.pid
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            if all(self.task_state(tasks, task) in 'TZX' for task in os.listdir(tasks)):
                return
        raise Wrong('the program did not stop')

    @staticmethod
    def task_state(tasks, task):
        try:
            with open('%s/%s/stat' % (tasks, task), encoding='ascii', errors='replace') as f:
                return f.read().rsplit(')', 1)[1].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return 'X'

    def owners(self):
        """Owner's thread id by address of the mutex, from the memory of the stopped process; 0 = nobody."""
        result = {}
        with open('/proc/%d/mem' % self.child.pid, 'rb', buffering=0) as memory:
            for i in range(self.count):
                address = self.address + i * self.stride
                result[address] = MUTEX.unpack(os.pread(memory.fileno(), MUTEX.size, address))[2]
        return result

    def place(self, task):
        """Module and offset of the code that a stopped thread is in; '?' where that can't be read."""
        try:
            with open('/proc/%d/task/%d/syscall' % (self.child.pid, task), encoding='ascii') as f:
                at = int(f.read().split()[-1], 16)
            with open('/proc/%d/maps' % self.child.pid, encoding='utf-8') as f:
                for line in f:
                    words = line.split()
                    start, end = (int(word, 16) for word in words[0].split('-'))
                    if start <= at < end:
                        return '%s+%#x' % (os.path.basename(words[-1]), at - start + int(words[2], 16))
        except (OSError, ValueError, IndexError):
            pass
        return '?'

    def resume(self):
        self.child.send_signal(signal.SIGCONT)

    def kill(self):
        self.child.kill()
        self.child.wait()
        self.child.stdout.close()

    def read(self, *arguments):
        done = subprocess.run([self.kiwi, *arguments, '--format=json', self.trace], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=60, check=False)
        if done.returncode != 0:
            raise Wrong('kiwi %s: status %d: %s%s' % (arguments[0], done.returncode, done.stderr.decode()[-300:],
                                                     done.stdout.decode()[-1500:] if done.returncode == 1 else ''))
        return json.loads(done.stdout)

    def remove(self):
        self.kill()
        target = os.path.realpath(self.trace)
        for name in {self.trace, target}:
            if os.path.lexists(name):
                os.unlink(name)


def holders(dump):
    """(thread id, sure) by address of the lock. Not sure: the thread has begun to unlock."""
    result = {}
    for thread in dump['threads']:
        releasing = address_of(thread['lock']) if thread['state'] == 'releasing' else None
        for held in thread['holds']:
            address = address_of(held)
            if address is None:
                raise Wrong('a held lock without an address: %s' % json.dumps(thread))
            result.setdefault(address, []).append((thread['tid'], address != releasing))
    return result


def address_of(lock):
    return lock['object']['address'] if lock and lock['object'] else None


def may_own(thread, address):
    """Is the thread on its way to or from this lock? A condition variable's wait takes its mutex back by itself."""
    if address_of(thread['lock']) == address:
        return True
    return bool(thread['call']) and thread['call']['name'].startswith('pthread_cond_')


def summary(thread):
    return '%s, lock %s, call %s, holds %s' % (thread['state'], (thread['lock'] or {}).get('object'), thread['call'],
                                               [(h['object']['name'], h['count']) for h in thread['holds']])


def check_dump(dump):
    for address, threads in holders(dump).items():
        if len([tid for tid, sure in threads if sure]) > 1:
            raise Wrong('%#x is held by several threads: %s' % (address, '; '.join(
                summary(thread) for thread in dump['threads'] if thread['tid'] in dict(threads))))


def check_owners(dump, owners, process):
    recorded = holders(dump)
    threads = {thread['tid']: thread for thread in dump['threads']}
    for address, owner in owners.items():
        held_by = recorded.get(address, [])
        for tid, sure in held_by:
            if sure and tid != owner:
                raise Wrong('%#x: recorded holder %d, owner in memory %d' % (address, tid, owner))
        if owner and owner not in [tid for tid, _ in held_by]:
            if owner not in threads:
                raise Wrong('%#x: its owner %d is no thread of the trace' % (address, owner))
            if not may_own(threads[owner], address):
                raise Wrong('%#x: owner in memory %d, in %s, which is recorded as %s' % (
                    address, owner, process.place(owner), summary(threads[owner])))
    return sum(1 for owner in owners.values() if owner)


def check_review(review):
    wrong = [(f['id'], f['title']) for f in review['findings'] if f['id'] not in BUSY]
    if wrong:
        raise Wrong('findings: %s' % wrong)
    dropped = {kind: count for kind, count in review['health']['dropped'].items() if count}
    if dropped:
        raise Wrong('dropped: %s' % dropped)


def one_round(build, program, directory, number, chance):
    process = Process(build, program, directory, number)
    owned = 0
    try:
        time.sleep(chance.uniform(0, 0.03))
        process.stop()
        owners = process.owners()
        dump = process.read('threads')
        check_dump(dump)
        owned = check_owners(dump, owners, process)
        if number % 2:
            process.resume()
            time.sleep(chance.uniform(0, 0.01))
        process.kill()
        dump = process.read('threads')
        check_dump(dump)
        if number % 2 == 0:
            check_owners(dump, owners, process)
        check_review(process.read('report', '--fail-on=critical'))
    finally:
        process.remove()
    return owned


def main():
    build, program, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
    seed = int(os.environ.get('KIWI_SEED', random.randrange(10**6)))
    chance = random.Random(seed)
    failures, owned = [], 0
    with tempfile.TemporaryDirectory(prefix='kiwi-kill.') as directory:
        for number in range(1, rounds + 1):
            try:
                owned += one_round(build, program, directory, number, chance)
            except (Wrong, OSError, ValueError, KeyError, TypeError, subprocess.TimeoutExpired) as error:
                failures.append('round %d: %s' % (number, error if isinstance(error, Wrong) else repr(error)))
                if len(failures) == 10:
                    break
    title = '%d times stopped and killed, %d owned locks compared' % (rounds, owned)
    if not failures and owned < rounds:
        failures.append('hardly a lock was owned at those moments: the test shows nothing')
    print('%s - %s' % ('not ok' if failures else 'ok', title))
    for failure in failures:
        print('# (KIWI_SEED=%d) %s' % (seed, failure))
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
