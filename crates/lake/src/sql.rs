//! SQL over every table (DAT-7): questions only.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::catalog::MemTable;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{
    ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl,
};
use datafusion::execution::context::{SQLOptions, SessionConfig, SessionContext};
use datafusion::logical_expr::lit;

use crate::{Error, Lake, Table, log};

/// Rows of an answer as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Rows; absent values are `None`.
    pub rows: Vec<Vec<Option<String>>>,
}

impl Lake {
    /// Answers a question over all tables, each at its newest version. Statements that would
    /// change something are refused.
    pub fn sql(&self, query: &str) -> Result<Answer, Error> {
        let (schema, batches) = self.batches(query)?;
        let columns = schema.fields().iter().map(|field| field.name().clone()).collect();
        let mut rows = Vec::new();
        for batch in &batches {
            texts(batch, &mut rows)?;
        }
        Ok(Answer { columns, rows })
    }

    /// The answer as it comes.
    pub(crate) fn batches(&self, query: &str) -> Result<(SchemaRef, Vec<RecordBatch>), Error> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let runtime = runtime.map_err(Error::StartRuntime)?;
        Ok(runtime.block_on(self.answer(query))?)
    }

    async fn answer(&self, query: &str) -> Result<(SchemaRef, Vec<RecordBatch>), Fault> {
        let config = SessionConfig::new().with_information_schema(true);
        let context = SessionContext::new_with_config(config);
        for table in Table::ALL {
            self.register(&context, table)?;
        }
        let only_questions = SQLOptions::new()
            .with_allow_ddl(false)
            .with_allow_dml(false)
            .with_allow_statements(false);
        let frame = context.sql_with_options(query, only_questions).await?;
        let schema = Arc::new(frame.schema().as_arrow().clone());
        Ok((schema, frame.collect().await?))
    }

    /// Registers a table as the union of its datasets, each over the files that the log names.
    fn register(&self, context: &SessionContext, table: Table) -> Result<(), Fault> {
        let folder = self.folder(table);
        let mut urls: BTreeMap<String, Vec<ListingTableUrl>> = BTreeMap::new();
        for added in log::commits(&folder)?.into_iter().flat_map(|commit| commit.added) {
            let path = folder.join(added.path);
            let whole = std::path::absolute(&path).map_err(|e| Error::read(&path, e))?;
            let url = ListingTableUrl::parse(whole.display().to_string())?;
            urls.entry(added.dataset).or_default().push(url);
        }
        let empty = Arc::new(MemTable::try_new(table.schema(), vec![Vec::new()])?);
        let mut all = context.read_table(empty)?.with_column("dataset", lit(""))?;
        for (dataset, urls) in urls {
            let options = ListingOptions::new(Arc::new(ParquetFormat::default()));
            let config = ListingTableConfig::new_with_multi_paths(urls)
                .with_listing_options(options)
                .with_schema(table.schema());
            let files = context.read_table(Arc::new(ListingTable::try_new(config)?))?;
            all = all.union(files.with_column("dataset", lit(dataset))?)?;
        }
        context.register_table(table.name(), all.into_view())?;
        Ok(())
    }
}

enum Fault {
    Query(datafusion::error::DataFusionError),
    Lake(Error),
}

impl From<datafusion::error::DataFusionError> for Fault {
    fn from(fault: datafusion::error::DataFusionError) -> Fault {
        Fault::Query(fault)
    }
}

impl From<arrow::error::ArrowError> for Fault {
    fn from(fault: arrow::error::ArrowError) -> Fault {
        Fault::Query(fault.into())
    }
}

impl From<Error> for Fault {
    fn from(fault: Error) -> Fault {
        Fault::Lake(fault)
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Error {
        match fault {
            Fault::Query(fault) => Error::AnswerSql(Box::new(fault)),
            Fault::Lake(fault) => fault,
        }
    }
}

fn texts(batch: &RecordBatch, rows: &mut Vec<Vec<Option<String>>>) -> Result<(), Fault> {
    let options = FormatOptions::default();
    let formatters: Vec<ArrayFormatter<'_>> = batch
        .columns()
        .iter()
        .map(|column| ArrayFormatter::try_new(column.as_ref(), &options))
        .collect::<Result<_, _>>()?;
    for row in 0..batch.num_rows() {
        let cell = |(at, formatter): (usize, &ArrayFormatter<'_>)| {
            let there = batch.column(at).is_valid(row);
            there.then(|| formatter.value(row).to_string())
        };
        rows.push(formatters.iter().enumerate().map(cell).collect());
    }
    Ok(())
}
