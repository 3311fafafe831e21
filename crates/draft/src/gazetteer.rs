//! Offices, their holders who speak in public, bodies that help, and frameworks: what they are called in the three languages and in an announcement.

use std::sync::LazyLock;

use crate::{lexicon::Phrases, tokens::Token};

/// Somebody who speaks in a public office, as an announcement calls them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Holder {
    pub(crate) party: &'static str,
    pub(crate) name: &'static str,
    /// The offices that they may be called by.
    pub(crate) offices: &'static [&'static str],
}

/// An office or a body that speaks for a party.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Office {
    /// Whose it is, where its name says so.
    pub(crate) party: Option<&'static str>,
    pub(crate) name: &'static str,
    /// Whether it speaks as a body, without a holder's name.
    pub(crate) body: bool,
}

/// A country or a body that may help.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Helper {
    pub(crate) party: &'static str,
    pub(crate) name: &'static str,
}

const fn holder(party: &'static str, name: &'static str, offices: &'static [&'static str]) -> Holder {
    Holder { party, name, offices }
}

const fn body(party: Option<&'static str>, name: &'static str) -> Office {
    Office { party, name, body: true }
}

const fn office(party: Option<&'static str>, name: &'static str) -> Office {
    Office { party, name, body: false }
}

const RU_COMMISSIONER: &str = "human rights commissioner";
const UA_COMMISSIONER: &str = "parliamentary human rights commissioner";
const HEADQUARTERS: &str = "Coordination Headquarters for the Treatment of POWs";

#[rustfmt::skip]
const HOLDERS: &[(Holder, &str)] = &[
    (holder("RU", "Vladimir Medinsky", &["presidential aide", "head of delegation"]), "medinsky|medinskiy|медински*|мединский|мединского|мединскому|мединським|мединський|мединського|мединського"),
    (holder("RU", "Shamsail Saraliyev", &["State Duma, coordination group"]), "saraliyev|saraliev|саралиев*|саралієв*"),
    (holder("RU", "Tatyana Moskalkova", &[RU_COMMISSIONER]), "moskalkova|москальков*"),
    (holder("RU", "Maria Lvova-Belova", &["children's rights commissioner"]), "lvova-belova|львова-белова|львовой-беловой|львова-бєлова|львової-бєлової"),
    (holder("RU", "Vladimir Putin", &["president"]), "putin|путин|путина|путиным|путін|путіна|путіним"),
    (holder("RU", "Dmitry Peskov", &["presidential spokesman"]), "peskov|песков|пескова|песков|пєсков|пєскова"),
    (holder("RU", "Sergey Lavrov", &["foreign minister"]), "lavrov|лавров|лаврова|лавровим"),
    (holder("RU", "Maria Zakharova", &["foreign ministry spokeswoman"]), "zakharova|захарова|захаровой|захарової"),
    (holder("RU", "Andrey Belousov", &["defence minister"]), "belousov|белоусов|белоусова|бєлоусов|бєлоусова"),
    (holder("RU", "Alexander Zorin", &["negotiating group"]), "zorin|зорин|зорина|зорін|зоріна"),
    (holder("RU", "Alexander Khinshtein", &["governor of Kursk region"]), "khinshtein|хинштейн|хинштейна|хінштейн|хінштейна"),
    (holder("UA", "Volodymyr Zelensky", &["president"]), "zelensky|zelenskyy|zelenskiy|зеленский|зеленского|зеленским|зеленський|зеленського|зеленським"),
    (holder("UA", "Dmytro Lubinets", &[UA_COMMISSIONER]), "lubinets|лубинец|лубинца|лубинцем|лубинцу|лубінець|лубінця|лубінцем|лубінцю"),
    (holder("UA", "Andriy Yermak", &["head of presidential office"]), "yermak|ермак|ермака|єрмак|єрмака"),
    (holder("UA", "Kyrylo Budanov", &["head of presidential office", "head of defence intelligence"]), "budanov|буданов|буданова"),
    (holder("UA", "Rustem Umerov", &["defence minister", "secretary of the National Security and Defence Council", "head of delegation"]), "umerov|умеров|умерова|умєров|умєрова"),
    (holder("UA", "Ihor Klymenko", &["interior minister"]), "klymenko|клименко"),
    (holder("UA", "Andrii Sybiha", &["foreign minister"]), "sybiha|сибига|сибіга|сибіги|сибиги"),
    (holder("US", "Steve Witkoff", &["special envoy"]), "witkoff|уиткофф|уиткоффа|віткофф|віткоффа"),
    (holder("US", "Donald Trump", &["president"]), "trump|трамп|трампа|трампом"),
    (holder("TR", "Recep Tayyip Erdoğan", &["president"]), "erdogan|erdoğan|эрдоган|эрдогана|ердоган|ердогана"),
];

#[rustfmt::skip]
const OFFICES: &[(Office, &str)] = &[
    (office(Some("RU"), "presidential aide"), "aide to the russian president|russian presidential aide|kremlin aide|aide to russian president|aide to president putin|aide to president vladimir putin|putin aide|putin's aide|aide to vladimir putin|помощник президента рф|помощник президента россии|помощника президента рф|помощника президента россии|помощник российского президента|помощник президента российской федерации|помощником президента рф|помощником президента россии|помічник президента рф|помічник президента росії|помічника президента рф|помічник російського президента|помічник путіна|помічник очільника рф|помічника президента росії"),
    (office(None, "presidential aide"), "presidential aide|aide to the president|помощник президента|помощника президента|помощником президента|помічник президента|помічника президента"),
    (office(Some("RU"), "State Duma, coordination group"), "russian lawmaker|russian mp|member of the parliamentary coordination group|parliamentary coordination group|state duma coordination group|coordination group of the state duma|member of the state duma|state duma deputy|state duma member|депутат госдумы|депутат государственной думы|депутата госдумы|член парламентской координационной группы|члена парламентской координационной группы|участник парламентской координационной группы|парламентской координационной группы|депутат держдуми|член парламентської координаційної групи|депутата держдуми"),
    (office(None, RU_COMMISSIONER), "human rights commissioner|commissioner for human rights|human rights ombudsman|human rights ombudswoman|ombudsman|ombudswoman|уполномоченн* по правам человека|уполномоченн* по правам человека в рф|уполномоченн* по правам человека в россии|омбудсмен*|уповноважен* з прав людини|уповноважен* з прав людини в рф|омбудсмен*|омбудсман*"),
    (office(Some("UA"), UA_COMMISSIONER), "parliamentary human rights commissioner|verkhovna rada commissioner for human rights|verkhovna rada human rights commissioner|parliament commissioner for human rights|ukrainian parliament's commissioner for human rights|ukrainian parliament commissioner for human rights|уповноважен* верховної ради з прав людини|уповноважен* вру з прав людини|уповноважен* вр з прав людини|уповноважен* верховної ради україни з прав людини|уполномоченн* верховной рады по правам человека|уполномоченн* верховной рады украины по правам человека"),
    (office(Some("RU"), "children's rights commissioner"), "children's rights commissioner|presidential commissioner for children's rights|commissioner for children's rights|children's ombudsman|уполномоченн* по правам ребёнка|уполномоченн* по правам ребенка|уполномоченн* при президенте по правам ребенка|уполномоченн* при президенте рф по правам ребенка|детский омбудсмен|уповноважен* з прав дитини"),
    (office(None, "presidential spokesman"), "kremlin spokesman|presidential spokesman|kremlin spokesperson|пресс-секретарь президента|пресс-секретаря президента|пресс-секретарь президента рф|речник кремля|прессекретар президента"),
    (office(Some("RU"), "foreign ministry spokeswoman"), "russian foreign ministry spokeswoman|foreign ministry spokeswoman|официальный представитель мид|официальный представитель мид рф|офіційна представниця мзс рф|речниця мзс рф|официальный представитель мид россии"),
    (office(None, "foreign minister"), "foreign minister|minister of foreign affairs|глава мид|главы мид|министр иностранных дел|министра иностранных дел|глава мзс|міністр закордонних справ|очільник мзс|міністра закордонних справ"),
    (office(None, "defence minister"), "defence minister|defense minister|minister of defence|minister of defense|министр обороны|министра обороны|глава минобороны|міністр оборони|міністра оборони|очільник міноборони|глава міноборони"),
    (office(None, "interior minister"), "interior minister|minister of internal affairs|глава мвд|министр внутренних дел|министра внутренних дел|глава мвс|міністр внутрішніх справ|міністра внутрішніх справ|очільник мвс"),
    (office(None, "head of delegation"), "head of the delegation|head of russia's delegation|head of the russian delegation|head of ukraine's delegation|head of the ukrainian delegation|глава делегации|глава российской делегации|главы российской делегации|глава украинской делегации|керівник делегації|голова делегації|голова української делегації|глава російської делегації"),
    (office(None, "negotiating group"), "negotiating group|negotiating team|representative of the russian negotiating group|переговорной группы|переговорної групи"),
    (office(Some("RU"), "governor of Kursk region"), "governor of kursk region|acting governor of kursk region|kursk region governor|kursk governor|губернатор курской области|врио губернатора курской области|губернатора курской области|губернатор курської області"),
    (office(Some("UA"), "head of presidential office"), "head of the presidential office|head of the president's office|head of the office of the president|presidential office head|president's office head|глава офиса президента|главы офиса президента|керівник офісу президента|глава офісу президента|голова офісу президента|керівника офісу президента|очільник офісу президента"),
    (office(Some("UA"), "head of defence intelligence"), "head of defence intelligence|head of military intelligence|military intelligence chief|defence intelligence chief|глава гур|начальник гур|очільник гур|начальника гур"),
    (office(Some("UA"), "secretary of the National Security and Defence Council"), "secretary of the national security and defence council|secretary of the national security and defense council|nsdc secretary|national security and defense council secretary|секретарь снбо|секретаря снбо|секретар рнбо|секретаря рнбо|секретарь совета национальной безопасности и обороны|секретар ради національної безпеки і оборони"),
    (office(Some("US"), "special envoy"), "us special envoy|u . s . special envoy|special envoy|спецпосланник|спецпредставитель|спецпредставник|спецпосланець|спецпосланник сша|спецпредставника"),
    (office(None, "president"), "president|head of state|президент|президента|президентом|президенту|глава государства|глава держави"),
    (body(Some("UA"), HEADQUARTERS), "coordination headquarters|coordination headquarters for the treatment of prisoners of war|coordination headquarters for treatment of prisoners of war|coordination headquarters for the treatment of pows|coordinating headquarters for the treatment of prisoners of war|coordinating headquarters|координаційн* штаб*|координаційн* штаб* з питань поводження з військовополоненими|коордштаб*|координационн* штаб*|координационн* штаб* по вопросам обращения с военнопленными"),
    (body(Some("UA"), "Ministry of Reintegration"), "ministry of reintegration|reintegration ministry|мінреінтеграції|міністерств* реінтеграції|министерств* реинтеграции|минреинтеграции"),
    (body(None, "Ministry of Defence"), "ministry of defence|ministry of defense|defence ministry|defense ministry|defence ministry's|минобороны|министерств* обороны|міноборони|міністерств* оборони|defence ministry spokesman|mod"),
    (body(None, "Ministry of Foreign Affairs"), "ministry of foreign affairs|foreign ministry|мид|министерств* иностранных дел|мзс|міністерств* закордонних справ"),
    (body(None, "Ministry of Internal Affairs"), "interior ministry|ministry of internal affairs|мвд|мвс"),
    (body(Some("RU"), "Federal Security Service"), "fsb|фсб|federal security service"),
    (body(Some("UA"), "Security Service"), "sbu|сбу|security service of ukraine"),
    (body(Some("UA"), "Defence Intelligence"), "hur|гур|ukraine's defence intelligence|defence intelligence of ukraine|defense intelligence of ukraine"),
    (body(Some("X-ICRC"), "International Committee of the Red Cross"), "international committee of the red cross|icrc|мккк|мкчх|международн* комитет* красного креста|міжнародн* комітет* червоного хреста"),
];

#[rustfmt::skip]
const HELPERS: &[(Helper, &str)] = &[
    (Helper { party: "AE", name: "United Arab Emirates" }, "united arab emirates|uae|emirates|объединённые арабские эмираты|объединенные арабские эмираты|объединённых арабских эмиратов|объединенных арабских эмиратов|объединенным арабским эмиратам|оаэ|об'єднані арабські емірати|об'єднаних арабських еміратів|об'єднаним арабським еміратам|оае|эмираты|эмиратов|емірати|еміратів"),
    (Helper { party: "US", name: "United States" }, "united states|usa|us|u . s .|u . s|washington|united states of america|сша|соединённые штаты|соединенные штаты|соединенных штатов|вашингтон|вашингтона|сполучені штати|сполучених штатів|сполученим штатам"),
    (Helper { party: "TR", name: "Türkiye" }, "turkey|türkiye|turkiye|турция|турции|турцию|туреччина|туреччини|туреччині|туреччину"),
    (Helper { party: "VA", name: "Holy See" }, "vatican|holy see|ватикан|ватикана|ватикану|ватикан*|святой престол|святого престола|святий престол|святого престолу|святому престолу"),
    (Helper { party: "X-ICRC", name: "ICRC" }, "icrc|international committee of the red cross|red cross|мккк|мкчх|международн* комитет* красного креста|міжнародн* комітет* червоного хреста|красного креста|червоного хреста"),
    (Helper { party: "QA", name: "Qatar" }, "qatar|катар*"),
    (Helper { party: "SA", name: "Saudi Arabia" }, "saudi arabia|саудовск* арави*|саудівськ* араві*"),
    (Helper { party: "BY", name: "Belarus" }, "belarus|беларусь|беларуси|белоруссии|белоруссия|белоруссию|білорусь|білорусі"),
];

/// A framework, where the text names the agreements of a place. The year is the gazetteer's.
#[rustfmt::skip]
const FRAMEWORKS: &[(&str, &str)] = &[
    ("Istanbul agreements (2025)", "agreed in istanbul|agreed at talks in istanbul|agreed at the istanbul talks|agreed at istanbul talks|agreed during talks in istanbul|agreements reached in istanbul|istanbul agreements|agreements reached at the istanbul talks|agreements reached during talks in istanbul|istanbul accords|agreements in istanbul|deals reached in istanbul|agreements made in istanbul|agreement reached in istanbul|istanbul agreement|agreements reached during the istanbul talks|agreements of istanbul|deal reached in istanbul|agreements concluded in istanbul|agreements achieved in istanbul|russian-ukrainian agreements reached in istanbul|стамбульских договоренностей|стамбульских договорённостей|стамбульскими договоренностями|стамбульскими договорённостями|стамбульских соглашений|стамбульскими соглашениями|договоренностей , достигнутых в стамбуле|договорённостей , достигнутых в стамбуле|договоренностями , достигнутыми в стамбуле|договорённостями , достигнутыми в стамбуле|соглашений , достигнутых в стамбуле|договоренностей в стамбуле|договорённостей в стамбуле|достигнутых в стамбуле договоренностей|достигнутыми в стамбуле договоренностями|российско-украинскими договоренностями , достигнутыми в стамбуле|стамбульські домовленості|стамбульських домовленостей|стамбульськими домовленостями|домовленостей , досягнутих у стамбулі|домовленостей у стамбулі|домовленостями , досягнутими у стамбулі|домовленостей в стамбулі|досягнутих у стамбулі домовленостей|досягнутих в стамбулі домовленостей|домовленостей , досягнутих в стамбулі|стамбульських угод"),
    ("Abu Dhabi talks (2026)", "agreed in abu dhabi|agreements reached in abu dhabi|abu dhabi agreements|abu dhabi talks|talks in abu dhabi|договоренностей , достигнутых в абу-даби|договорённостей , достигнутых в абу-даби|переговоров в абу-даби|домовленостей , досягнутих в абу-дабі|переговорів в абу-дабі|переговорів у абу-дабі|домовленостей в абу-дабі"),
    ("Geneva agreements (2026)", "agreed at geneva talks|agreed in geneva|agreed at talks in geneva|agreed at the geneva talks|agreements reached in geneva|geneva agreements|женевских договоренностей|женевских договорённостей|договоренностей , достигнутых в женеве|договорённостей , достигнутых в женеве|женевських домовленостей|домовленостей , досягнутих у женеві|женевскими договоренностями"),
];

/// Outlets that repeat what others say: their "reports" attributes nothing.
const OUTLETS: &str = "tass|тасс|ria|риа|ria novosti|риа новости|reuters|interfax|interfax-ukraine|интерфакс|інтерфакс-україна|ukrinform|укринформ|укрінформ|unn|унн|ukrainska pravda|українська правда|украинская правда|afp|ap|associated press|bloomberg|rbc|рбк|рбк-україна|suspilne|суспільне|kyiv independent|rt|bbc|cnn|media|media outlets|сми|змі|агентство|агентство тасс|the agency|news agencies|известия|коммерсантъ|коммерсант|страна|вести";

pub(crate) static HOLDER: LazyLock<Phrases<Holder>> = LazyLock::new(|| Phrases::of(HOLDERS.iter().copied()));
pub(crate) static OFFICE: LazyLock<Phrases<Office>> = LazyLock::new(|| Phrases::of(OFFICES.iter().copied()));
static HELPER: LazyLock<Phrases<Helper>> = LazyLock::new(|| Phrases::of(HELPERS.iter().copied()));
pub(crate) static FRAMEWORK: LazyLock<Phrases<&str>> = LazyLock::new(|| Phrases::of(FRAMEWORKS.iter().copied()));
pub(crate) static OUTLET: LazyLock<Phrases<()>> = LazyLock::new(|| Phrases::of([((), OUTLETS)]));

/// Who may help, where these tokens begin with a name: how many it takes. "US" is one in capitals only, where "us" isn't.
pub(crate) fn helper(tokens: &[Token]) -> Option<(usize, Helper)> {
    HELPER.at(tokens).filter(|_| tokens[0].capital || !tokens[0].is("us"))
}

/// The name of the office of human rights commissioner: Ukraine's is the parliament's.
pub(crate) fn office_name(office: &'static str, party: &str) -> &'static str {
    if office == RU_COMMISSIONER && party == "UA" { UA_COMMISSIONER } else { office }
}
