//! What is said of Alembic's and Django's migrations before they run: what the tools' own SQL does, and what binds their sessions.

use testkit::Scratch;

use crate::{
    cluster::SHARED,
    programs::{alembic, ours, over_tcp, project},
};

/// A field more for Django's model, behind its last migration.
fn add_field(scratch: &Scratch, arguments: &str) {
    let text = format!(
        "from django.db import migrations, models\n\n\nclass Migration(migrations.Migration):\n    \
         dependencies = [('shop', '0005_without_notes')]\n    \
         operations = [migrations.AddField('order', 'shipped', models.BooleanField({arguments}))]\n"
    );
    scratch.file("shop/migrations/0006_shipped.py", text);
}

/// Django gives the rows that are there a value and drops the default at once: a release that does not know the field can insert no more.
#[test]
fn django_s_new_field_that_an_older_release_can_t_leave_out_is_refused() {
    let scratch = project("django");
    let database = SHARED.database();
    let url = over_tcp(&SHARED, &database, "postgres");
    ours(&scratch, "django", &url, &["up"]).run().succeeds();
    add_field(&scratch, "default=False");
    let since = ["lint", "--since", "shop.0005_without_notes"];
    let lint = ours(&scratch, "django", &url, &since).run().fails(1, "lint-refused");
    assert!(lint.stdout.contains("drops-new-default"), "{}", lint.stdout);
    let up = ours(&scratch, "django", &url, &["up"]).run().fails(1, "migration-breaks");
    assert!(up.stderr.contains("drops the default of a new column"), "{}", up.stderr);
    for arguments in ["default=False, db_default=False", "null=True"] {
        add_field(&scratch, arguments);
        ours(&scratch, "django", &url, &since).run().succeeds();
    }
    ours(&scratch, "django", &url, &["up"]).run().succeeds();
    SHARED.sql(&database, "INSERT INTO shop_order (customer, total) VALUES ('from an older release', 1)");
}

#[test]
fn a_driver_that_none_of_our_limits_reaches_is_named_in_the_plan() {
    let (scratch, _, url) = alembic();
    let said = "asyncpg does not read PGOPTIONS and PGAPPNAME";
    for (driver, is_said) in [("asyncpg", true), ("psycopg", false)] {
        let url = url.replace("+psycopg", &format!("+{driver}"));
        let plan = ours(&scratch, "alembic", &url, &["plan"]).run().succeeds();
        assert_eq!(plan.stdout.contains(said), is_said, "{}", plan.stdout);
    }
}
