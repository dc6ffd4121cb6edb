//! A service on Tokio serves three clients from its cache. What is not there it fetches from an archive, in an async
//! function: the call waits, and with it waits the thread of the executor, and every other client.
//!
//! Kiwi prints blocked-loop (HIGH): where the task waited, in how many ticks of the loop and for how long, and how
//! often other events were there when it came back.
use std::io::{Read, Write};
use std::os::unix::net::UnixStream as Blocking;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

const CLIENTS: usize = 3;
const REQUESTS: u8 = 16;
const MISSES_IN: u8 = 4; // one request in so many

/// Stands for a driver of an archive that knows only calls which wait.
#[inline(never)]
fn fetch() {
    std::thread::sleep(Duration::from_millis(80));
}

async fn serve(mut client: UnixStream) -> usize {
    let (mut served, mut request) = (0, [0u8]);
    while client.read_exact(&mut request).await.is_ok() {
        if request[0] % MISSES_IN == 0 {
            fetch();
        }
        if client.write_all(b".").await.is_ok() {
            served += 1;
        }
    }
    served
}

fn ask(mut server: Blocking) {
    for request in 0..REQUESTS {
        let mut answer = [0u8];
        server.write_all(&[request]).unwrap();
        server.read_exact(&mut answer).unwrap();
        std::thread::sleep(Duration::from_millis(3));
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    let (mut tasks, mut clients) = (Vec::new(), Vec::new());
    for _ in 0..CLIENTS {
        let (ours, theirs) = Blocking::pair().unwrap();
        clients.push(std::thread::spawn(move || ask(theirs)));
        ours.set_nonblocking(true).unwrap();
        let _inside = runtime.enter();
        tasks.push(runtime.spawn(serve(UnixStream::from_std(ours).unwrap())));
    }
    let served: usize = runtime.block_on(async {
        let mut sum = 0;
        for task in tasks {
            sum += task.await.unwrap();
        }
        sum
    });
    for client in clients {
        client.join().unwrap();
    }
    println!("{served}");
}
