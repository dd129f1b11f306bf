//! The head of a DBN file: what was asked of the vendor, and which instruments came.

use std::io::{ErrorKind, Read};

use dbn::VersionUpgradePolicy;
use dbn::decode::dbn::MetadataDecoder;

use crate::Error;

/// Bytes of magic, version and length.
const PRELUDE_BYTES: usize = 8;
/// No head is longer: a hundred thousand symbols with their intervals stay below.
const LONGEST_HEAD_BYTES: u32 = 256 << 20;
/// The newest version whose records this room reads.
const NEWEST_VERSION: u8 = 3;

/// One instrument that the head lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The symbol asked for.
    pub symbol: String,
    /// The venue's numbers for it, one for each span of days.
    pub ids: Vec<u32>,
}

/// What the head says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Version of the encoding, 1 to 3.
    pub version: u8,
    /// The vendor's name of the data set, such as `GLBX.MDP3`.
    pub dataset: String,
    /// The schema's name, such as `mbo`; `None` where records of several are mixed.
    pub schema: Option<&'static str>,
    /// Instruments, as listed.
    pub listed: Vec<Listed>,
    /// Whether each record ends with the time at which the vendor sent it.
    pub has_sending_times: bool,
    /// Bytes of the file that the head takes.
    pub bytes: u64,
}

impl Head {
    /// True where the file was made by this platform and not by a venue.
    pub fn is_synthetic(&self) -> bool {
        self.dataset == super::SYNTHETIC
    }

    /// Reads it and leaves the reader at the first record.
    ///
    /// # Errors
    /// Where the bytes are no DBN head, end within it, or are of a newer version.
    pub fn read(reader: &mut impl Read) -> Result<Head, Error> {
        let mut bytes = [0; PRELUDE_BYTES].to_vec();
        let got = fill(reader, &mut bytes)?;
        if got < PRELUDE_BYTES || bytes[..3] != *b"DBN" {
            return Err(fault("it does not begin with DBN; is it another format?".to_owned()));
        }
        let version = bytes[3];
        if version == 0 || version > NEWEST_VERSION {
            return Err(fault(format!(
                "version {version} is not among 1 to {NEWEST_VERSION}; convert it with the \
                 vendor's `dbn` tool"
            )));
        }
        let length = u32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]);
        if length > LONGEST_HEAD_BYTES {
            return Err(fault(format!("a length of {length} bytes is not believable")));
        }
        let source = |source| Error::ReadBytes { offset: 0, source };
        let rest = reader.take(u64::from(length)).read_to_end(&mut bytes).map_err(source)?;
        if rest < length as usize {
            return Err(fault(format!("{rest} of {length} bytes are there: it is cut off")));
        }
        decode(&bytes)
    }
}

fn decode(bytes: &[u8]) -> Result<Head, Error> {
    let policy = VersionUpgradePolicy::AsIs;
    let metadata = MetadataDecoder::with_upgrade_policy(bytes, policy)
        .decode()
        .map_err(|error| fault(error.to_string()))?;
    let listed = metadata.mappings.iter().map(|mapping| Listed {
        symbol: mapping.raw_symbol.clone(),
        ids: mapping.intervals.iter().filter_map(|span| span.symbol.parse().ok()).collect(),
    });
    Ok(Head {
        version: metadata.version,
        dataset: metadata.dataset.clone(),
        schema: metadata.schema.map(|schema| schema.as_str()),
        listed: listed.collect(),
        has_sending_times: metadata.ts_out,
        bytes: bytes.len() as u64,
    })
}

/// Reads until the buffer is full or the bytes end; how many came.
pub(crate) fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> Result<usize, Error> {
    let mut got = 0;
    while got < buffer.len() {
        match reader.read(&mut buffer[got..]) {
            Ok(0) => break,
            Ok(more) => got += more,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(source) => return Err(Error::ReadBytes { offset: got as u64, source }),
        }
    }
    Ok(got)
}

fn fault(fault: String) -> Error {
    Error::ReadHead { format: "DBN", fault }
}
