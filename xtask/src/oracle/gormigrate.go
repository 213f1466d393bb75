// Runs gormigrate on a folder of SQL files, as a program would that keeps its migrations in code:
// gormigrate ENGINE DSN FOLDER migrate|init [ID]
package main

import (
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-gormigrate/gormigrate/v2"
	"gorm.io/driver/mysql"
	"gorm.io/driver/postgres"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
)

func main() {
	engine, dsn, folder, command := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	var dialector gorm.Dialector
	switch engine {
	case "postgres":
		// A file may hold several statements.
		dialector = postgres.New(postgres.Config{DSN: dsn, PreferSimpleProtocol: true})
	case "mariadb":
		dialector = mysql.Open(dsn)
	default:
		dialector = sqlite.Open(dsn)
	}
	db, err := gorm.Open(dialector, &gorm.Config{})
	check(err)

	files, err := filepath.Glob(filepath.Join(folder, "*.up.sql"))
	check(err)
	var migrations []*gormigrate.Migration
	for _, file := range files {
		text, err := os.ReadFile(file)
		check(err)
		time, _, _ := strings.Cut(filepath.Base(file), "_")
		migrations = append(migrations, &gormigrate.Migration{
			ID:      strings.ReplaceAll(time, "-", ""),
			Migrate: func(tx *gorm.DB) error { return tx.Exec(string(text)).Error },
		})
	}
	options := *gormigrate.DefaultOptions
	options.UseTransaction = engine != "mariadb"
	runner := gormigrate.New(db, &options, migrations)
	if command == "init" {
		runner.InitSchema(func(tx *gorm.DB) error {
			for _, migration := range migrations {
				if err := migration.Migrate(tx); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if len(os.Args) > 5 {
		check(runner.MigrateTo(os.Args[5]))
	} else {
		check(runner.Migrate())
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
