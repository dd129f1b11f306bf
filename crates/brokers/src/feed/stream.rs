//! A feed whose work is done on a thread of its own: what is wanted goes in, what was told comes
//! out.

use std::collections::BTreeSet;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};

use super::{Feed, Told};
use crate::{Error, thread};

/// The near end of a feed over the network. The thread behind it ends when this is dropped.
#[derive(Debug)]
pub struct Stream {
    wants: Sender<BTreeSet<String>>,
    told: Receiver<Told>,
}

impl Stream {
    /// Starts the thread that does the work.
    pub(crate) fn start(
        name: &str,
        work: impl FnOnce(Far) + Send + 'static,
    ) -> Result<Stream, Error> {
        let (wants, waiting) = channel();
        let (out, told) = channel();
        let far = Far { waiting, out };
        thread::start(name, move || work(far))?;
        Ok(Stream { wants, told })
    }
}

impl Feed for Stream {
    fn want(&mut self, symbols: &BTreeSet<String>) {
        // A thread that is gone tells nothing; history then tells all.
        let _ = self.wants.send(symbols.clone());
    }

    fn hear(&mut self, into: &mut Vec<Told>) {
        into.extend(self.told.try_iter());
    }
}

/// The end at which the work is done.
#[derive(Debug)]
pub(crate) struct Far {
    waiting: Receiver<BTreeSet<String>>,
    out: Sender<Told>,
}

/// Nobody listens any more.
#[derive(Debug)]
pub(crate) struct Unheard;

impl Far {
    /// What is wanted now, where that changed.
    pub(crate) fn wanted(&self) -> Result<Option<BTreeSet<String>>, Unheard> {
        let mut newest = None;
        loop {
            match self.waiting.try_recv() {
                Ok(wanted) => newest = Some(wanted),
                Err(TryRecvError::Empty) => return Ok(newest),
                Err(TryRecvError::Disconnected) => return Err(Unheard),
            }
        }
    }

    pub(crate) fn tell(&self, told: Told) -> Result<(), Unheard> {
        self.out.send(told).map_err(|_| Unheard)
    }
}
