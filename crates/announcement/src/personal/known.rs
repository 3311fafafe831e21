/// Whether it's a word of offices, bodies, places, outlets or frameworks: a group of words with one of them is no person's name.
pub(super) fn is_known(lower: &str) -> bool {
    KNOWN.binary_search(&lower).is_ok()
}

/// In lower case, in the order of their bytes.
#[rustfmt::skip]
const KNOWN: &[&str] = &[
    "abu", "academy", "accord", "accords", "administration", "affairs", "africa", "african", "agence", "agency", "agreement", "agreements", "air",
    "airport", "ambassador", "america", "american", "annex", "appendix", "april", "arab", "arabia", "armed", "army", "article", "association",
    "august", "austria", "authority", "aviv", "azerbaijan", "azovstal", "battalion", "belarus", "belarusian", "belgorod", "bila", "black",
    "bloomberg", "bodies", "border", "brazil", "brigade", "britain", "british", "bryansk", "bureau", "cabinet", "camp", "catholic", "center",
    "central", "centre", "channel", "chapter", "checkpoint", "chernihiv", "chief", "children", "china", "chinese", "christmas", "church", "city",
    "civil", "civilians", "clinic", "coast", "col", "colonel", "colony", "command", "commander", "commission", "commissioner", "committee", "contact",
    "control", "convention", "conventions", "coordination", "costa", "council", "countries", "country", "county", "court", "crescent", "crimea",
    "cross", "crossing", "crown", "day", "december", "declaration", "defence", "defender", "defenders", "defense", "delegation", "department",
    "deputy", "deutsche", "dhabi", "directorate", "disinformation", "district", "dnepropetrovsk", "dnipro", "doha", "donetsk", "duma", "east",
    "easter", "eastern", "embassy", "emirate", "emirates", "europe", "european", "exchange", "exchanges", "family", "february", "federal",
    "federation", "foreign", "format", "formula", "foundation", "framework", "france", "france-presse", "free", "french", "friday", "fund", "gazeta",
    "gen", "general", "geneva", "german", "germany", "gomel", "government", "governor", "governorate", "great", "group", "guard", "guardian", "guta",
    "head", "headquarters", "high", "holy", "hospital", "house", "human", "humanitarian", "hungarian", "hungary", "independence", "independent",
    "india", "initiative", "institute", "intelligence", "interfax", "interior", "international", "iran", "iraq", "islamic", "israel", "istanbul",
    "izvestia", "izvestiya", "january", "japan", "jazeera", "journal", "july", "june", "justice", "kazakhstan", "kharkiv", "kharkov", "kherson",
    "kingdom", "knights", "kommersant", "korea", "krai", "kryvyi", "kursk", "kyiv", "law", "legion", "liberty", "los", "lugansk", "luhansk", "luki",
    "main", "maj", "major", "malta", "march", "marine", "may", "mediation", "meduza", "memorandum", "military", "minister", "ministry", "missing",
    "mission", "monday", "moscow", "municipality", "mykolaiv", "national", "nations", "naval", "navy", "new", "news", "nizhny", "north", "northern",
    "norwegian", "nova", "novaya", "november", "novgorod", "novosti", "nuclear", "oblast", "oblasts", "october", "odesa", "odessa", "office",
    "officer", "ombudsman", "operation", "order", "organization", "orthodox", "oskol", "paragraph", "parliament", "parliamentary", "part", "party",
    "patriarchate", "people", "people's", "persons", "phase", "plan", "plant", "point", "poland", "police", "polish", "pope", "post", "power",
    "pravda", "president", "presidential", "press", "prince", "prison", "prisoner", "prisoners", "process", "prosecutor", "protection", "protocol",
    "province", "public", "radio", "raion", "rbc", "red", "regiment", "region", "regional", "regions", "reintegration", "relations", "representative",
    "republic", "resolution", "reuters", "ria", "rights", "rih", "riyadh", "rostov", "round", "russia", "russian", "saint", "san", "saturday",
    "saudi", "sea", "secretary", "section", "security", "see", "september", "service", "services", "social", "south", "southern", "special",
    "spokesman", "spokesperson", "staff", "stage", "star", "stary", "state", "states", "station", "street", "sultanate", "summit", "sumy", "sunday",
    "suspilne", "swedish", "swiss", "switzerland", "syria", "table", "talks", "tass", "telegram", "telegraph", "territorial", "thursday", "times",
    "town", "track", "treatment", "treaty", "trilateral", "tserkva", "tuesday", "turkey", "turkish", "türkiye", "ukraine", "ukrainian", "ukrainska",
    "ukrainskaya", "union", "unit", "united", "vatican", "velikiye", "veliky", "victory", "village", "voronezh", "war", "wednesday", "welle", "west",
    "western", "white", "working", "world", "zaporizhzhia", "zaporozhye", "абу-даби", "автономная", "агентство", "агенція", "арабские", "арабські",
    "аравия", "аравія", "батальон", "безопасности", "безпеки", "беларусь", "белая", "белгород", "бригада", "брянск", "біла", "білорусь", "великие",
    "великий", "верховна", "верховная", "военная", "вооруженные", "вооруженных", "вооружённые", "військова", "військовий", "гвардия", "гвардія",
    "генеральна", "генеральний", "генеральный", "главная", "главное", "главный", "головна", "головне", "государственная", "гута", "дел", "день",
    "державна", "договоренности", "домовленостей", "домовленості", "донецк", "донецьк", "дума", "емірати", "женева", "женевская", "женевські",
    "закордонних", "запорожье", "запоріжжя", "збройних", "збройні", "иностранных", "кабинет", "кабінет", "канал", "катар", "комитет", "комітет",
    "координации", "координационный", "координаційний", "координації", "край", "красного", "красный", "крест", "кривий", "кривой", "крым", "курск",
    "курськ", "луганск", "луганськ", "луки", "людини", "международная", "международный", "министерство", "министр", "министров", "минобороны",
    "міжнародна", "міжнародний", "міноборони", "міністерство", "міністр", "міністрів", "народна", "народная", "национальная", "національна",
    "независимости", "незалежности", "нижний", "нижній", "нова", "новая", "новгород", "новини", "новости", "об'єднані", "обласна", "област",
    "области", "областная", "область", "області", "оборони", "обороны", "объединенные", "округ", "омбудсман", "організація", "організації", "оскол",
    "перемоги", "победы", "полк", "прав", "права", "правда", "президент", "престол", "прокуратура", "прокурор", "рада", "ради", "радио", "радіо",
    "разведки", "район", "регион", "регіон", "республика", "республіка", "рог", "розвідки", "россии", "российская", "российских", "российской",
    "россия", "російська", "росія", "росії", "ріг", "саудовская", "саудівська", "свобода", "святий", "святой", "сил", "сили", "силы", "служба",
    "совет", "совета", "соглашение", "соглашения", "соединенные", "сполучені", "справ", "стамбул", "старый", "суми", "сумы", "телеграм", "туреччина",
    "турция", "угода", "угоди", "украина", "украинская", "украинский", "украины", "україна", "україни", "українська", "український", "уповноважений",
    "уполномоченный", "управление", "управління", "федерации", "федерація", "харків", "харьков", "херсон", "хрест", "центр", "церква", "человека",
    "червоний", "червоного", "штаб", "штати", "штаты", "эмираты",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_stand_in_order_and_in_lower_case() {
        assert!(KNOWN.is_sorted_by(|one, other| one < other));
        assert!(KNOWN.iter().all(|word| word.to_lowercase() == **word));
    }
}
