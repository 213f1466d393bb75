//! A schema as JSON.

use serde::de::Error as _;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Object, Schema};

impl Serialize for Schema {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut schema = serializer.serialize_struct("Schema", 2)?;
        schema.serialize_field("engine", self.engine())?;
        schema.serialize_field("objects", &Objects(self))?;
        schema.end()
    }
}

struct Objects<'a>(&'a Schema);

impl Serialize for Objects<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.objects())
    }
}

impl<'de> Deserialize<'de> for Schema {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Written {
            engine: String,
            objects: Vec<Object>,
        }

        let written = Written::deserialize(deserializer)?;
        let mut schema = Schema::new(written.engine);
        for object in written.objects {
            let id = object.id();
            if schema.insert(object).is_some() {
                return Err(D::Error::custom(format!("{id} is there twice")));
            }
        }
        Ok(schema)
    }
}

#[cfg(test)]
mod tests {
    use crate::{Id, Name, Object, Part, Schema};

    #[test]
    fn a_schema_comes_back_from_json_as_it_was() {
        let mut schema = Schema::new("postgres");
        let mut table = Object::new("table", Name::within("public", "users")).with("comment", "who they are");
        table.requires.push(Id::new("schema", Name::new("public")));
        table.parts.push(Part::new("column", "id").with("type", "bigint").with("not_null", true));
        schema.insert(table);
        schema.insert(Object::new("function", Name::within("public", "f").signature("integer")));
        let json = serde_json::to_string(&schema).unwrap();
        assert_eq!(
            json,
            "{\"engine\":\"postgres\",\"objects\":[{\"kind\":\"function\",\"schema\":\"public\",\"name\":\"f\",\"signature\":\"integer\"},\
             {\"kind\":\"table\",\"schema\":\"public\",\"name\":\"users\",\"attributes\":{\"comment\":\"who they are\"},\
             \"requires\":[\"schema:public\"],\"parts\":[{\"kind\":\"column\",\"name\":\"id\",\"attributes\":{\"not_null\":true,\"type\":\"bigint\"}}]}]}"
        );
        let back: Schema = serde_json::from_str(&json).unwrap();
        assert_eq!(back, schema);
        assert_eq!(back.fingerprint(), schema.fingerprint());
    }
}
