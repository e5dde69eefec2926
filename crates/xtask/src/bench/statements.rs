//! Where the database's time goes: its own account of its statements, which all bear their names.

use anyhow::Result;
use tokio_postgres::Row;

use super::house::House;
use super::numbers::whole;
use super::report::Table;
use crate::say;

/// Forgets what was counted so far. The statistics may be missing: they are an extension of `PostgreSQL`.
pub(super) async fn forget(house: &House) {
    if let Err(error) = house.owner.batch_execute("select pg_stat_statements_reset()").await {
        say::detail(&format!("PostgreSQL keeps no statistics of its statements: {error}"));
    }
}

/// An empty table for [`add`].
pub(super) fn table() -> Table {
    Table::new(&[
        "calls",
        "statement",
        "of the time",
        "µs a call",
        "executions",
        "rows each",
        "ms each",
        "of that planning",
    ])
}

/// Adds the statements that took most since [`forget`], without those of this benchmark; `calls` came meanwhile.
pub(super) async fn add(house: &House, table: &mut Table, what: &str, calls: usize) -> Result<()> {
    const SQL: &str = "select coalesce(substring(query from '^-- ([a-z_:]+)'), left(query, 40)) as name,
               sum(calls)::float8 as times, sum(rows)::float8 as rows,
               sum(total_plan_time + total_exec_time)::float8 as ms, sum(total_plan_time)::float8 as plan_ms,
               sum(sum(total_plan_time + total_exec_time)) over ()::float8 as all_ms
          from pg_stat_statements where userid <> current_user::regrole
         group by 1 order by 4 desc limit 8";
    #[expect(clippy::cast_precision_loss, reason = "millions at most")]
    let calls = calls.max(1) as f64;
    let number = |row: &Row, name: &str| row.get::<_, f64>(name);
    for row in house.owner.query(SQL, &[]).await? {
        let (times, ms) = (number(&row, "times"), number(&row, "ms"));
        table.row([
            what.to_owned(),
            format!("`{}`", row.get::<_, String>("name")),
            format!("{:.0} %", 100.0 * ms / number(&row, "all_ms")),
            format!("{:.0}", 1000.0 * ms / calls),
            whole(times),
            format!("{:.1}", number(&row, "rows") / times),
            format!("{:.2}", ms / times),
            format!("{:.2}", number(&row, "plan_ms") / times),
        ]);
    }
    Ok(())
}
