static MIGRATIONS: driftlock::Migrations = driftlock::migrations!("migration");

fn main() {
    println!("{}", MIGRATIONS.list().len());
}
