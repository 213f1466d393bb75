import java.util.HashMap;
import java.util.Map;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.configuration.FluentConfiguration;
import org.flywaydb.database.postgresql.PostgreSQLConfigurationExtension;

/** Runs one command of Flyway's library: Main URL USER PASSWORD FOLDER COMMAND [SETTING=VALUE]... */
public class Main {
    public static void main(String[] arguments) {
        Map<String, String> settings = new HashMap<>();
        for (int i = 5; i < arguments.length; i++) {
            String[] setting = arguments[i].split("=", 2);
            settings.put("flyway." + setting[0], setting[1]);
        }
        FluentConfiguration configuration = Flyway.configure()
            .dataSource(arguments[0], arguments[1], arguments[2])
            .locations("filesystem:" + arguments[3])
            .configuration(settings);
        // Else its lock is an open transaction, for which CREATE INDEX CONCURRENTLY waits without end.
        configuration.getConfigurationExtension(PostgreSQLConfigurationExtension.class).setTransactionalLock(false);
        Flyway flyway = configuration.load();
        switch (arguments[4]) {
            case "migrate" -> flyway.migrate();
            case "baseline" -> flyway.baseline();
            default -> throw new IllegalArgumentException(arguments[4]);
        }
    }
}
