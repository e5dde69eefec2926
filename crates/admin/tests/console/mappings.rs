//! Branches and files are chosen on the console, with GitHub asked before anything is saved.

use crate::github::World;
use crate::http::Served;
use crate::reader::Reader;
use crate::yard::{Yard, items, text};

const HOSTILE: &str = "skills/<img src=x onerror=alert(1)>.md";

#[tokio::test(flavor = "multi_thread")]
async fn a_selector_is_previewed_at_the_head_before_it_is_saved() {
    let world = World::new(&["skills/a.md", HOSTILE, "README.md"]).await;
    let (_, token) = world.yard.member("ada", "admin");
    let mut ada = Reader::signed_in(&world.served, &token);
    let target = format!("/w/acme/connector-targets/{}", world.tracked.target);
    let add = format!("{target}/mappings/add");
    let form = ada.page(&add);
    let refused = ada.submit(&form, &add, &[("selector", "skills/[a"), ("type", "agent")]);
    assert_eq!(refused.status, 422, "{refused:?}");
    for part in ["field-selector-error", "value=\"skills/[a\"", "value=\"agent\" selected"] {
        assert!(refused.body.contains(part), "{part} in {refused:?}");
    }
    let fields = [("selector", "skills/**"), ("type", "skill"), ("step", "preview")];
    let preview = ada.submit(&form, &add, &fields);
    assert_eq!(preview.status, 200, "{preview:?}");
    let page = &preview.body;
    for part in
        ["<dd>2<small>of 3 files</small></dd>", "skills/a.md", "is created", "nothing is saved"]
    {
        assert!(page.contains(part), "{part} in {page}");
    }
    assert!(page.contains("skills/&lt;img src=x onerror=alert(1)&gt;.md"), "{page}");
    assert!(!page.contains("<img"), "{page}");
    assert!(!page.contains("README.md") && page.contains("value=\"skills/**\""), "{page}");
    assert!(items(&world.yard.json(&["connector", "mapping", "list"])).is_empty());

    let fields = [("selector", "skills/**"), ("type", "skill"), ("step", "save")];
    let done = ada.submit(page, &add, &fields);
    assert_eq!((done.status, done.header("location")), (303, Some(&*target)), "{done:?}");
    let shown = ada.page(&target);
    assert!(shown.contains("Added. A sync is queued.") && shown.contains("skills/**"), "{shown}");
    let twice = ada.submit(page, &add, &fields);
    assert!(twice.status == 422 && twice.body.contains("has the selector skills/** already"));
    let other = [("selector", "**/*.md"), ("type", "file"), ("step", "preview")];
    let preview = ada.submit(&form, &add, &other).body;
    assert!(preview.contains("taken by <code><bdi>skills/**</bdi></code>"), "{preview}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_is_changed_and_removed_after_its_losses_were_told() {
    let world = World::new(&["skills/a.md", "skills/b.md"]).await;
    let yard = &world.yard;
    let target = &world.tracked.target;
    let add = ["connector", "mapping", "add", "--target", target, "--selector", "skills/**"];
    let mapping = yard.id(&[&add[..], &["--object-type", "skill"]].concat());
    yard.execute(
        "with objects as (
            insert into config_object (id, workspace_id, target_id, object_type, path, status, current_version_id, title)
            select uuid_v7(now()), workspace_id, id, 'skill', path, 'active', uuid_v7(now()), 'a'
              from connector_target, unnest(array['skills/a.md', 'skills/<b>.md']) path
            returning id, target_id, path)
         insert into source_binding (id, target_id, path, config_object_id, object_type, blob_sha, parser_version)
         select uuid_v7(now()), target_id, path, id, 'skill', 'b', 1 from objects",
    )
    .await;
    let (_, token) = yard.member("ada", "admin");
    let mut ada = Reader::signed_in(&world.served, &token);
    let path = |verb: &str| format!("/w/acme/connector-mappings/{mapping}/{verb}");
    let form = ada.page(&path("edit"));
    assert!(form.contains("value=\"skills/**\""), "{form}");
    let seen = form.split("name=\"seen\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let fields =
        |step| [("selector", "skills/a*"), ("type", "skill"), ("seen", seen), ("step", step)];
    let preview = ada.submit(&form, &path("edit"), &fields("preview")).body;
    for part in ["stays", "<b>1 config object</b>", "skills/&lt;b&gt;.md"] {
        assert!(preview.contains(part), "{part} in {preview}");
    }
    assert_eq!(ada.submit(&form, &path("edit"), &fields("save")).status, 303);
    let stale = ada.submit(&form, &path("edit"), &fields("save"));
    assert!(stale.status == 422 && stale.body.contains("was changed meanwhile"), "{stale:?}");

    let form = ada.page(&path("remove"));
    assert!(form.contains("<b>1 config object</b>") && form.contains("skills/a.md"), "{form}");
    let done = ada.submit(&form, &path("remove"), &[("reason", "unused")]);
    assert_eq!(done.status, 303, "{done:?}");
    assert!(items(&yard.json(&["connector", "mapping", "list"])).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_is_picked_from_what_the_installation_may_read_and_looked_up() {
    let world = World::new(&["skills/a.md"]).await;
    let yard = &world.yard;
    let (_, token) = yard.member("ada", "admin");
    let (bob, plain) = yard.member("bob", "member");
    let mut ada = Reader::signed_in(&world.served, &token);
    let add = format!("/w/acme/connector-instances/{}/targets/add", world.tracked.instance);
    let form = ada.page(&add);
    assert!(form.contains("<option value=\"octo/skills\">octo/skills (main)</option>"), "{form}");
    assert!(ada.page(&format!("{add}?q=none")).contains("may read no repository of this name"));
    let pick = |repository, branch| [("repository", repository), ("branch", branch)];
    let refused = ada.submit(&form, &add, &pick("octo/skills", "nowhere"));
    assert_eq!(refused.status, 422, "{refused:?}");
    for part in [
        "field-branch-error",
        "has no branch",
        "value=\"nowhere\"",
        "value=\"octo/skills\" selected",
    ] {
        assert!(refused.body.contains(part), "{part} in {refused:?}");
    }
    let refused = ada.submit(&form, &add, &pick("octo/<b>", ""));
    assert!(refused.status == 422 && refused.body.contains("field-repository-error"));
    let refused = ada.submit(&form, &add, &pick("octo/secret", ""));
    assert!(refused.body.contains("cannot see the repository"), "{refused:?}");
    let done = ada.submit(&form, &add, &pick("octo/skills", "next"));
    assert_eq!(done.status, 303, "{done:?}");
    let page = ada.page(done.header("location").unwrap());
    assert!(page.contains("no mapping chooses its files"), "{page}");
    let twice = ada.submit(&form, &add, &pick("octo/skills", "next"));
    assert!(twice.status == 422 && twice.body.contains("tracks next of octo/skills already"));

    // Which repositories there are is for admins; an editor names one.
    yard.id(&[
        "grant",
        "put",
        "--instance",
        &world.tracked.instance,
        "--member",
        &bob,
        "--role",
        "editor",
    ]);
    let form = Reader::signed_in(&world.served, &plain).page(&add);
    assert!(
        !form.contains("<option value=\"octo/skills\"") && form.contains("id=\"field-repository\"")
    );
}

#[tokio::test]
async fn without_an_app_the_pages_say_so_in_plain_words() {
    let yard = Yard::new().await;
    let tracked = yard.tracked();
    let (_, token) = yard.member("ada", "admin");
    let served = Served::start(&yard);
    let mut ada = Reader::signed_in(&served, &token);
    let add = format!("/w/acme/connector-instances/{}/targets/add", tracked.instance);
    let form = ada.page(&add);
    assert!(
        form.contains("GitHub did not tell") && form.contains("No GitHub App is set up"),
        "{form}"
    );
    let mapping = format!("/w/acme/connector-targets/{}/mappings/add", tracked.target);
    let form = ada.page(&mapping);
    let fields = [("selector", "skills/**"), ("type", "skill"), ("step", "preview")];
    let preview = ada.submit(&form, &mapping, &fields);
    assert_eq!(preview.status, 200, "{preview:?}");
    assert!(preview.body.contains("There is no preview."), "{preview:?}");
    assert_eq!(
        text(&yard.json(&["connector", "target", "show", &tracked.target]), "id"),
        tracked.target
    );
}
