//! What a good call gets, and what is recorded of it.

use hookyard_testkit::gateway::{Gateway, Worker, sample};
use serde_json::json;

#[tokio::test]
async fn a_signed_push_becomes_config_objects() {
    let t = std::time::Instant::now(); let gateway = Gateway::builder().repository(sample).worker(Worker::default()).start().await; eprintln!("started {:?}", t.elapsed());

    let moved = gateway
        .push(|repo| {
            repo.write("skills/new/SKILL.md", "---\nname: new\ndescription: New\n---\nHi.\n");
        })
        .await;
    eprintln!("pushed {:?}", t.elapsed()); gateway.idle().await; eprintln!("idle {:?}", t.elapsed());

    assert_eq!(moved.deliveries[0].status, Some(202));
    let paths = gateway
        .db()
        .rows("select path from config_object where status = 'active' order by path")
        .await;
    let expected =
        ["agents/helper.md", "commands/ship.md", "skills/new/SKILL.md", "skills/review/SKILL.md"];
    assert_eq!(paths, expected.map(|path| json!({ "path": path })));
    eprintln!("{}", gateway.worker(0).log()); eprintln!("{}", gateway.ingress().log()); for m in [gateway.ingress(), gateway.worker(0)] { let t = std::time::Instant::now(); let s = m.stop().await; eprintln!("{} {:?} {s}\n{}", m.name(), t.elapsed(), m.log().lines().rev().take(6).collect::<Vec<_>>().join("\n")); } gateway.finish().await;
}
