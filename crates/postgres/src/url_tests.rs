use super::*;
use crate::encryption::Mode;

fn environment(pairs: &[(&str, &str)]) -> Environment {
    Environment {
        variables: pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        home: None,
        os_user: Some("me".to_owned()),
    }
}

fn read(url: &str, pairs: &[(&str, &str)]) -> Result<Target, String> {
    Target::read(&DatabaseUrl::parse(url).unwrap(), &environment(pairs)).map_err(|error| error.to_string())
}

/// URL, variables, hosts, user, database.
type Case = (&'static str, &'static [(&'static str, &'static str)], &'static str, &'static str, &'static str);

#[test]
fn reads_urls_as_psql_does() {
    let cases: &[Case] = &[
        ("postgres://ann@db/shop", &[], "[db:5432]", "ann", "shop"),
        ("postgresql://db:1", &[], "[db:1]", "me", "me"),
        ("postgres://ann@db", &[], "[db:5432]", "ann", "ann"),
        ("postgres://a,b:5433,[::1]:7/x", &[], "[a:5432, b:5433, [::1]:7]", "me", "x"),
        ("postgres://a,b/x?port=1,2", &[], "[a:1, b:2]", "me", "x"),
        ("postgres://a,b/x", &[("PGPORT", "7")], "[a:7, b:7]", "me", "x"),
        ("postgres:///x?host=a,b&port=1,2&user=bob", &[], "[a:1, b:2]", "bob", "x"),
        ("postgres://%2Fvar%2Frun/x", &[], "[/var/run/.s.PGSQL.5432]", "me", "x"),
        ("postgres:///x?host=/tmp/s&port=3", &[], "[/tmp/s/.s.PGSQL.3]", "me", "x"),
        ("postgres://", &[], "[/var/run/postgresql/.s.PGSQL.5432, /tmp/.s.PGSQL.5432]", "me", "me"),
        ("postgres://", &[("PGHOST", "h"), ("PGPORT", "9"), ("PGUSER", "u"), ("PGDATABASE", "d")], "[h:9]", "u", "d"),
        ("postgres://h/?dbname=e", &[("PGDATABASE", "d")], "[h:5432]", "me", "e"),
        ("postgres://h/d", &[("PGHOST", "other"), ("PGUSER", "u")], "[h:5432]", "u", "d"),
    ];
    for (url, variables, hosts, user, database) in cases {
        let target = read(url, variables).unwrap_or_else(|error| panic!("{url}: {error}"));
        assert_eq!(
            (format!("{:?}", target.hosts).as_str(), target.user.as_str(), target.database.as_str()),
            (*hosts, *user, *database),
            "{url}"
        );
    }
}

#[test]
fn refuses_what_it_can_not_do() {
    for (url, variables, says) in [
        ("postgres://h/d?sslmode=maybe", &[][..], "none of disable"),
        ("postgres://h/d", &[("PGSSLMODE", "Require")], "none of disable"),
        ("postgres://h/d?ssl=1", &[], "only `ssl=true`"),
        ("postgres://h/d?sslrootcert=system&sslmode=require", &[], "use `sslmode=verify-full`"),
        ("postgres://h/d?sslrootcert=system", &[("PGSSLMODE", "prefer")], "use `sslmode=verify-full`"),
        ("postgres://h/d?sslnegotiation=direct", &[], "wants `sslmode=require`"),
        ("postgres://h/d?sslpassword=s3cret", &[], "doesn't decrypt private keys"),
        ("postgres://h/d?sslcrldir=x", &[], "`sslcrl`"),
        ("postgres://h/d", &[("PGSSLCRLDIR", "x")], "`PGSSLCRL`"),
        ("postgres://h/d?sslcompression=1", &[], "no TLS of today compresses"),
        ("postgres://h/d?sslcertmode=require", &[], "disable, allow"),
        ("postgres://h/d?sslsni=yes", &[], "0, 1"),
        ("postgres://h/d?ssl_min_protocol_version=SSLv3", &[], "none of TLSv1"),
        ("postgres://h/d?ssl_max_protocol_version=TLSv1.1", &[], "TLSv1.2 and TLSv1.3"),
        ("postgres://h/d?ssl_min_protocol_version=TLSv1.3&ssl_max_protocol_version=TLSv1.2", &[], "is above"),
        ("postgres://h/d?channel_binding=maybe", &[], "disable, prefer, require"),
        ("postgres://h/d?gssencmode=require", &[], "Kerberos"),
        ("postgres://h/d?sslfoo=x", &[], "`sslfoo`"),
        ("postgres://h/d?aplication_name=x", &[], "`aplication_name`"),
        ("postgres://h/d?target_session_attrs=standby", &[], "any, read-write, primary"),
        ("postgres://h/d?client_encoding=latin1", &[], "UTF-8"),
        ("postgres://h/d?connect_timeout=soon", &[], "whole number"),
        ("postgres://h/d?options=-d%203", &[], "only settings"),
        ("postgres://h:0/d", &[], "no port"),
        ("postgres://a,b,c/d?port=1,2", &[], "2 ports for 3 hosts"),
        ("postgres://a/d?hostaddr=x", &[], "no IP address"),
        ("postgres://a/d?host=b", &[], "keep one"),
    ] {
        let error = read(url, variables).expect_err(url);
        assert!(error.contains(says) && !error.contains("s3cret"), "{url}: {error}");
    }
}

#[test]
fn sslmode_comes_from_the_url_then_from_the_older_forms() {
    for (query, variables, mode) in [
        ("", &[][..], Mode::Prefer),
        ("sslmode=disable", &[("PGSSLMODE", "require")], Mode::Disable),
        ("", &[("PGSSLMODE", "allow"), ("PGREQUIRESSL", "1")], Mode::Allow),
        ("", &[("PGREQUIRESSL", "1")], Mode::Require),
        ("", &[("PGREQUIRESSL", "0")], Mode::Prefer),
        ("ssl=true", &[("PGSSLMODE", "disable")], Mode::Require),
        ("ssl=true&sslmode=prefer", &[], Mode::Prefer),
        ("sslmode=verify-ca", &[], Mode::Require),
        ("sslrootcert=system", &[], Mode::Require),
        ("", &[("PGSSLROOTCERT", "system"), ("PGSSLMODE", "verify-full")], Mode::Require),
    ] {
        let target = read(&format!("postgres://h/d?{query}"), variables).unwrap();
        assert_eq!(target.encryption.mode, mode, "{query} {variables:?}");
    }
}

#[test]
fn reads_the_rest() {
    let target = read(
        "postgres://u@h/d?connect_timeout=1&keepalives=0&tcp_user_timeout=5&target_session_attrs=primary&application_name=me\
         &options=-c%20search_path%3Da%5C%20b,c%20--work-mem=8MB%20-cx.y=1&client_encoding=UTF-8&load_balance_hosts=random",
        &[("PGOPTIONS", "-c ignored=1")],
    )
    .unwrap();
    assert_eq!(target.attempt_timeout, Some(Duration::from_secs(2)));
    assert!(!target.keep_alive.on && target.shuffle);
    assert_eq!(target.keep_alive.user_timeout, Duration::from_millis(5));
    assert_eq!(target.attributes, Attributes::Primary);
    assert_eq!(target.application_name.as_deref(), Some("me"));
    let settings: Vec<_> = target.settings.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(settings, [("search_path", "a b,c"), ("work_mem", "8MB"), ("x.y", "1")]);
}

#[test]
fn passwords_come_from_url_variable_or_file_and_are_never_shown() {
    let of = |target: Target| target.hosts[0].password.clone();
    assert_eq!(of(read("postgres://u:a@h/d?password=b", &[("PGPASSWORD", "c")]).unwrap()).as_deref(), Some("a"));
    assert_eq!(of(read("postgres://u@h/d?password=b", &[("PGPASSWORD", "c")]).unwrap()).as_deref(), Some("b"));
    assert_eq!(of(read("postgres://u@h/d", &[("PGPASSWORD", "c")]).unwrap()).as_deref(), Some("c"));
    assert_eq!(of(read("postgres://u@h/d", &[]).unwrap()), None);
    let shown = format!("{:?}", read("postgres://u:s3cret@h/d", &[]).unwrap());
    assert!(!shown.contains("s3cret"), "{shown}");
}
