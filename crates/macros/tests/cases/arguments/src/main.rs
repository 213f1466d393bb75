const DIRECTORY: &str = "migrations";

static A: driftlock::Migrations = driftlock::migrations!();
static B: driftlock::Migrations = driftlock::migrations!(DIRECTORY);
static C: driftlock::Migrations = driftlock::migrations!("migrations", "more");
static D: driftlock::Migrations = driftlock::migrations!("migrations", layout = "rails");

fn main() {
    for migrations in [&A, &B, &C, &D] {
        println!("{DIRECTORY} {}", migrations.list().len());
    }
}
