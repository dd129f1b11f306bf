//! Lines of the socket protocol: bytes in, bytes out.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::time::timeout;

use super::desk::{Door, LineEvent, LineOut};
use super::until_ended;
use crate::tws::{Fault, Frames, LineId, Said};

/// Lines that may be open at once, as at the broker.
const MOST_LINES: usize = 32;
/// Time to greet.
const PATIENCE: Duration = Duration::from_secs(10);
/// Time to send what was said before a line is cut.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// Time after a connection could not be taken in.
const PAUSE: Duration = Duration::from_millis(100);

/// Takes in lines until the account's thread has ended.
pub(super) async fn listen(listener: TcpListener, door: Door, mut ended: watch::Receiver<bool>) {
    let room = Arc::new(Semaphore::new(MOST_LINES));
    let mut next: LineId = 0;
    loop {
        let socket = tokio::select! {
            () = until_ended(&mut ended) => return,
            taken = listener.accept() => match taken {
                Ok((socket, _)) => socket,
                Err(_) => {
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            },
        };
        // One too many is closed at once.
        let Ok(place) = Arc::clone(&room).try_acquire_owned() else { continue };
        let (id, door, ended) = (next, door.clone(), ended.clone());
        next += 1;
        tokio::spawn(async move {
            serve_line(socket, id, &door, ended).await;
            door.tell(id, LineEvent::Closed);
            drop(place);
        });
    }
}

async fn serve_line(socket: TcpStream, id: LineId, door: &Door, mut ended: watch::Receiver<bool>) {
    // Answers are small: none waits to be sent together with the next.
    let _ = socket.set_nodelay(true);
    let (reader, writer) = socket.into_split();
    let (sender, outbox) = mpsc::unbounded_channel();
    let waiting = Arc::new(AtomicUsize::new(0));
    let mut writing = tokio::spawn(write(writer, outbox, Arc::clone(&waiting)));
    let (alive, mut gone) = oneshot::channel();
    let out = LineOut { sender, waiting, _alive: alive };
    let mut ear = Ear { id, door, frames: Frames::default(), out: Some(out) };
    tokio::select! {
        () = until_ended(&mut ended) => {}
        // The account cut the line and all was said, or the client takes nothing more.
        _ = &mut writing => return,
        _ = &mut gone => {
            // Last words are heard, but not waited for long.
            let _ = timeout(LAST_WORDS, &mut writing).await;
        }
        () = ear.listen(reader) => {}
    }
    // Who hung up reads no more; who said nonsense is told nothing.
    writing.abort();
}

/// Writes what there is to say, in order, until nobody has anything to say any more.
async fn write(
    mut writer: OwnedWriteHalf,
    mut outbox: mpsc::UnboundedReceiver<Vec<u8>>,
    waiting: Arc<AtomicUsize>,
) {
    while let Some(bytes) = outbox.recv().await {
        if writer.write_all(&bytes).await.is_err() {
            return;
        }
        waiting.fetch_sub(bytes.len(), Ordering::Relaxed);
    }
    // The other side may be gone already.
    let _ = writer.shutdown().await;
}

/// One line's bytes on their way to the account.
struct Ear<'a> {
    id: LineId,
    door: &'a Door,
    frames: Frames,
    /// Handed over with the greeting.
    out: Option<LineOut>,
}

impl Ear<'_> {
    async fn listen(&mut self, mut reader: OwnedReadHalf) {
        let mut buffer = vec![0; 8_192];
        loop {
            let read = reader.read(&mut buffer);
            let count = match self.out.is_some() {
                false => read.await,
                // A stranger is not waited for long.
                true => match timeout(PATIENCE, read).await {
                    Ok(read) => read,
                    Err(_) => return,
                },
            };
            let Ok(count @ 1..) = count else { return };
            self.frames.take(&buffer[..count]);
            if !matches!(self.hear().await, Ok(true)) {
                return;
            }
        }
    }

    /// Hands over what was said so far; false where nobody takes it.
    async fn hear(&mut self) -> Result<bool, Fault> {
        while let Some(said) = self.frames.next()? {
            let is_taken = match said {
                Said::Greeting { version } => match self.out.take() {
                    Some(out) => self.door.tell(self.id, LineEvent::Opened { version, out }),
                    None => false,
                },
                Said::Frame { id: message, body } => {
                    let (done, is_done) = oneshot::channel();
                    let event = LineEvent::Said { message, body, done };
                    // The next is read once this one is answered: a flood fills no memory.
                    self.door.tell(self.id, event) && is_done.await.is_ok()
                }
            };
            if !is_taken {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
