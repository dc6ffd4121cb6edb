// What Rust programs thread with: mutexes and their poison, conditions, read-write locks, channels, barriers, once, parking.
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{mpsc, Arc, Barrier, Condvar, Mutex, Once, RwLock};
use std::thread;
use std::time::Duration;

fn counted() {
    let total = Arc::new(Mutex::new(0u64));
    let workers: Vec<_> = (0..4)
        .map(|_| {
            let total = Arc::clone(&total);
            thread::spawn(move || {
                for _ in 0..20_000 {
                    *total.lock().unwrap() += 1;
                }
            })
        })
        .collect();
    for worker in workers {
        worker.join().unwrap();
    }
    println!("total {}", total.lock().unwrap());
}

fn poisoned() {
    let data = Arc::new(Mutex::new(1));
    let inside = Arc::clone(&data);
    let result = thread::spawn(move || {
        let _hold = inside.lock().unwrap();
        std::panic::resume_unwind(Box::new("on purpose"));
    })
    .join();
    println!("panicked {}, poisoned {}, try_lock fails {}", result.is_err(), data.is_poisoned(), data.try_lock().is_err());
}

fn conditions() {
    let pair = Arc::new((Mutex::new(0), Condvar::new()));
    let other = Arc::clone(&pair);
    let setter = thread::spawn(move || {
        for _ in 0..100 {
            *other.0.lock().unwrap() += 1;
            other.1.notify_one();
        }
    });
    let mut seen = pair.0.lock().unwrap();
    while *seen < 100 {
        seen = pair.1.wait(seen).unwrap();
    }
    println!("seen {}", *seen);
    let (_guard, time) = pair.1.wait_timeout(seen, Duration::from_millis(5)).unwrap();
    println!("timed out {}", time.timed_out());
    setter.join().unwrap();
}

fn readers_and_channels() {
    let table = Arc::new(RwLock::new(vec![0u32; 8]));
    let (sender, receiver) = mpsc::sync_channel(4);
    let barrier = Arc::new(Barrier::new(3));
    for number in 0..3usize {
        let (table, sender, barrier) = (Arc::clone(&table), sender.clone(), Arc::clone(&barrier));
        thread::spawn(move || {
            barrier.wait();
            for round in 0..200 {
                table.write().unwrap()[number] += 1;
                let sum: u32 = table.read().unwrap().iter().sum();
                sender.send((number, round, sum)).unwrap();
            }
        });
    }
    drop(sender);
    println!("received {}, sum {}", receiver.iter().count(), table.read().unwrap().iter().sum::<u32>());
}

static SET_UP: Once = Once::new();
static SET_UPS: AtomicUsize = AtomicUsize::new(0);

fn once_and_parking() {
    let workers: Vec<_> = (0..4)
        .map(|_| {
            thread::spawn(|| {
                SET_UP.call_once(|| {
                    thread::sleep(Duration::from_millis(3));
                    SET_UPS.fetch_add(1, Ordering::SeqCst);
                });
                thread::park();
                SET_UPS.load(Ordering::SeqCst)
            })
        })
        .collect();
    for worker in workers {
        worker.thread().unpark();
        println!("set up {}", worker.join().unwrap());
    }
}

fn main() {
    counted();
    poisoned();
    conditions();
    readers_and_channels();
    once_and_parking();
}
