//! Agents under names in the store: one artifact for all members, and a card that says all of how
//! they came about.

use base::{Day, Digest, Ts};
use books::intraday::BarEnvConfig;
use learn::agents::Acting;
use learn::agents::{Algorithm, Archive, acting};
use learn::model::Artifact;
use serde::{Deserialize, Serialize};
use store::Store;

use super::judging::Judged;
use super::{Eyes, School, Wanted};
use crate::models::Filed;
use crate::{Error, models};

/// Folder of the store that agents lie in.
const FOLDER: &str = "agents/";
/// Mark of the artifact's layout.
const FORMAT: &str = "trimtab-agents-1";

/// A stretch of bars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// How many.
    pub bars: usize,
    /// Day of the first.
    pub from: Day,
    /// Day of the last.
    pub to: Day,
}

/// How agents came about, and what was told of them before anyone looked at the held-out bars.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// The algorithm with its settings.
    pub algorithm: Algorithm,
    /// How they see the bars.
    pub eyes: Eyes,
    /// What they knew of costs.
    pub schools: Vec<School>,
    /// Members of each school.
    pub members: usize,
    /// Steps that each took, in all its environments.
    pub steps: u64,
    /// Environments of each.
    pub environments: usize,
    /// Assumed costs, by which all are judged; episodes.
    pub market: BarEnvConfig,
    /// Seed of all.
    pub seed: u64,
    /// Where the bars came from.
    pub wanted: Wanted,
    /// Which instrument.
    pub symbol: String,
    /// Minutes of a bar; nothing where a bar is a session.
    pub minutes: Option<i32>,
    /// True for made bars.
    pub synthetic: bool,
    /// Version of the data.
    pub data_version: String,
    /// Digest of all bars, the held-out ones among them.
    pub data: Digest,
    /// The bars learned from.
    pub learned: Part,
    /// The bars held out, the latest ones.
    pub held_out: Part,
    /// What they do on the bars they learned from.
    pub on_learned: Judged,
    /// What the reader must know.
    pub notes: Vec<String>,
    /// Revision of the code.
    pub code_revision: String,
    /// When they were trained.
    pub created: Ts,
}

/// Agents out of the store.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Their name.
    pub name: String,
    /// Their version: the beginning of the artifact's digest.
    pub version: String,
    /// Digest of the artifact.
    pub digest: Digest,
    /// How they came about.
    pub card: Card,
    /// By school: what each member needs to act.
    pub crews: Vec<Crew>,
}

/// Members of one school, each as the bytes that [`acting`] reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crew {
    /// What they knew of costs.
    pub school: School,
    /// Their bytes.
    pub members: Vec<Vec<u8>>,
}

impl Crew {
    /// The members, ready to act.
    pub(super) fn awake(&self) -> Result<Vec<Box<dyn Acting>>, Error> {
        Ok(self.members.iter().map(|bytes| acting(bytes)).collect::<Result<_, _>>()?)
    }
}

/// What the artifact says of itself.
#[derive(Debug, Serialize, Deserialize)]
struct Mark {
    format: String,
    crews: Vec<(School, usize)>,
}

fn place(school: School, member: usize) -> String {
    format!("{}/{member}", school.name())
}

fn pack(crews: &[Crew]) -> Result<Vec<u8>, Error> {
    let format = FORMAT.to_owned();
    let counts = crews.iter().map(|crew| (crew.school, crew.members.len())).collect();
    let mut archive = Archive::new(Mark { format, crews: counts })?;
    for crew in crews {
        for (member, bytes) in crew.members.iter().enumerate() {
            archive.put_bytes(&place(crew.school, member), bytes.clone());
        }
    }
    Ok(archive.to_bytes()?)
}

fn unpack(bytes: &[u8]) -> Result<Vec<Crew>, Error> {
    let archive = Archive::from_bytes(bytes)?;
    let mark: Mark = archive.card()?;
    if mark.format != FORMAT {
        let what = format!("its format is {:?}, not {FORMAT:?}", mark.format);
        return Err(learn::Error::ReadModel { what }.into());
    }
    let crew = |(school, count): (School, usize)| {
        let member = |at| Ok(archive.bytes(&place(school, at))?.to_vec());
        let members = (0..count).map(member).collect::<Result<_, Error>>()?;
        Ok(Crew { school, members })
    };
    mark.crews.into_iter().map(crew).collect()
}

/// The name that agents have in the store.
fn filed(name: &str) -> String {
    format!("{FOLDER}{name}")
}

/// Keeps agents; the same ones twice are kept once.
pub(super) fn keep(store: &Store, name: &str, card: Card, crews: Vec<Crew>) -> Result<Kept, Error> {
    let bytes = pack(&crews)?;
    let artifact = Artifact { digest: Digest::of(&bytes), bytes };
    let digest = artifact.digest.clone();
    let told = serde_json::to_value(&card).map_err(Error::WriteCard)?;
    let version = models::file(store, (&filed(name), told), artifact, card.created)?;
    Ok(Kept { name: name.to_owned(), version, digest, card, crews })
}

/// The newest agents of this name, or this version of them.
///
/// # Errors
/// [`Error::FindAgents`] where there are none, with what there is.
pub fn find(store: &Store, name: &str, version: Option<&str>) -> Result<Kept, Error> {
    let Some(mut record) = models::on_file(store, &filed(name), version)? else {
        let known: Vec<String> = list(store)?.into_iter().map(|listed| listed.name).collect();
        let known = match known.is_empty() {
            true => "there are none; `trimtab agents train` makes some".to_owned(),
            false => format!("there is {}", known.join(", ")),
        };
        return Err(Error::FindAgents { name: name.to_owned(), known });
    };
    let artifact = models::artifact(&mut record)?;
    let card: Card = serde_json::from_value(record.card).map_err(Error::ReadCard)?;
    let crews = unpack(&artifact.bytes)?;
    let (name, version, digest) = (name.to_owned(), record.version, artifact.digest);
    Ok(Kept { name, version, digest, card, crews })
}

/// A line of the list of agents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// Their name.
    pub name: String,
    /// Their newest version.
    pub version: String,
    /// Versions there are.
    pub versions: usize,
    /// The algorithm.
    pub algorithm: String,
    /// Members of each school.
    pub members: usize,
    /// What they knew of costs.
    pub schools: Vec<School>,
    /// What they trade.
    pub symbol: String,
    /// True for made bars.
    pub synthetic: bool,
    /// When the newest were made.
    pub created: Ts,
}

/// All agents, in order of their names.
pub fn list(store: &Store) -> Result<Vec<Listed>, Error> {
    let all = models::folder(store, FOLDER)?;
    let line = |Filed { name, versions, newest }: Filed| {
        let card: Card = serde_json::from_value(newest.card).ok()?;
        Some(Listed {
            name,
            version: newest.version,
            versions,
            algorithm: card.algorithm.name().to_owned(),
            members: card.members,
            schools: card.schools,
            symbol: card.symbol,
            synthetic: card.synthetic,
            created: newest.created,
        })
    };
    Ok(all.into_iter().filter_map(line).collect())
}
