//! The terms of the pages: each in English, Ukrainian and Russian, side by side, so that a reviewer reads the three at once.
//!
//! The file is long because the table is one: terms of one thing stay together, and none is in a language only. `{0}`, `{1}` … are filled in; `|` parts the forms of a noun after a number.
//! The same words stand for both sides of an exchange.

macro_rules! words {
    ($($name:ident: $english:literal, $ukrainian:literal, $russian:literal;)+) => {
        /// A term of the pages.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Word { $($name,)+ }

        impl Word {
            #[cfg(test)]
            const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The term in English, Ukrainian and Russian.
            pub(super) const fn columns(self) -> [&'static str; 3] {
                match self { $(Self::$name => [$english, $ukrainian, $russian],)+ }
            }
        }
    };
}

words! {
    // What every page has.
    Handover: "Handover", "Handover", "Handover";
    Subtitle: "Announced exchanges between warring parties", "Оголошені обміни між сторонами конфлікту", "Объявленные обмены между сторонами конфликта";
    ToContent: "To the content", "До змісту", "К содержанию";
    Pages: "Pages", "Сторінки", "Страницы";
    LanguageOfPage: "Language", "Мова", "Язык";
    Overview: "Overview", "Огляд", "Обзор";
    ExchangesPage: "Exchanges", "Обміни", "Обмены";
    TotalsPage: "Totals", "Підсумки", "Итоги";
    ChannelsPage: "Channels", "Канали", "Каналы";
    FrameworksPage: "Agreements", "Домовленості", "Договорённости";
    OfficesPage: "Offices", "Установи", "Ведомства";
    MediatorsPage: "Mediators", "Посередники", "Посредники";
    ThenAndNowPage: "Then and now", "Тоді й тепер", "Тогда и сейчас";
    LedgerPage: "Ledger", "Реєстр", "Реестр";
    MethodologyPage: "Methodology", "Методологія", "Методология";
    OperationsPage: "Operations", "Робота сервера", "Работа сервера";
    FooterPromise:
        "Handover records what somebody announced, never what happened. It holds counts, never names of captives or of the fallen. A figure is what the live claims allow; each opens to the claims that it rests on.",
        "Handover фіксує те, що хтось оголосив, а не те, що сталося. Тут є кількості й ніколи немає імен полонених чи загиблих. Кожне число — це те, що допускають чинні заяви; від кожного можна перейти до заяв, на яких воно ґрунтується.",
        "Handover фиксирует то, что кто-то объявил, а не то, что произошло. Здесь есть количества и никогда нет имён пленных или погибших. Каждое число — это то, что допускают действующие заявления; от каждого можно перейти к заявлениям, на которых оно основано.";
    FooterSame: "How the figures are made is said in the {0}; the whole record is in the {1}.", "Як утворюються числа, сказано в розділі «{0}»; усі записи — у розділі «{1}».", "Как получаются числа, сказано в разделе «{0}»; все записи — в разделе «{1}».";
    UpdatedAt: "Updated at position {0}", "Оновлено на позиції {0}", "Обновлено на позиции {0}";
    AsKnownAtPosition: "As known at {0} of the ledger, recorded {1}.", "Станом на {0} реєстру, записано {1}.", "По состоянию на {0} реестра, записано {1}.";
    PositionIs: "position {0}", "позицію {0}", "позицию {0}";
    NothingRecorded: "Nothing is recorded yet.", "Записів ще немає.", "Записей ещё нет.";
    PastState: "A past state", "Минулий стан", "Прошлое состояние";
    PastPosition: "as known at position {0}", "станом на позицію {0}", "по состоянию на позицию {0}";
    PastInstant: "as known at {0}", "станом на {0}", "по состоянию на {0}";
    PastUntil: "of what had been announced by {0}", "з того, що було оголошено до {0}", "из того, что было объявлено до {0}";
    KnownNow: "What is known now", "Що відомо тепер", "Что известно сейчас";
    ShowThePast: "What was known at another moment", "Що було відомо в інший момент", "Что было известно в другой момент";
    AsKnownAt: "As known at", "Станом на", "По состоянию на";
    AsKnownAtHint: "a position, a day or an instant", "позиція, день або момент часу", "позиция, день или момент времени";
    AnnouncedUntil: "Announced until", "Оголошено до", "Объявлено до";
    Show: "Show", "Показати", "Показать";
    Data: "This page as data", "Ця сторінка як дані", "Эта страница как данные";
    PermanentAddress: "permanent address of this state", "постійна адреса цього стану", "постоянный адрес этого состояния";
    ChartTable: "The chart as a table", "Діаграма як таблиця", "Диаграмма в виде таблицы";
    PolicyLabel: "How figures are made", "Як утворюються числа", "Как получаются числа";
    PolicyIs: "policy “{0}”", "правило «{0}»", "правило «{0}»";
    All: "all", "усі", "все";
    NotGiven: "not given", "не вказано", "не указано";
    None: "none", "немає", "нет";
    Unknown: "unknown", "невідомо", "неизвестно";
    Reset: "Without filters", "Без фільтрів", "Без фильтров";

    // Nouns after a number.
    Exchanges: "exchange|exchanges", "обмін|обміни|обмінів", "обмен|обмена|обменов";
    Statements: "statement|statements", "заява|заяви|заяв", "заявление|заявления|заявлений";
    Records: "record|records", "запис|записи|записів", "запись|записи|записей";
    Claims: "claim|claims", "заява|заяви|заяв", "заявление|заявления|заявлений";
    Stages: "stage|stages", "етап|етапи|етапів", "этап|этапа|этапов";
    Relays: "relay of this statement|relays of this statement", "повтор цієї заяви|повтори цієї заяви|повторів цієї заяви", "повтор этого заявления|повтора этого заявления|повторов этого заявления";

    // Who and what.
    FromTo: "From {0} to {1}", "Передає {0}, отримує {1}", "Передаёт {0}, получает {1}";
    BothDirections: "both directions together", "обидва напрямки разом", "оба направления вместе";
    Between: "{0} and {1}", "{0} та {1}", "{0} и {1}";
    BodiesOfFallen: "Bodies of the fallen", "Тіла загиблих", "Тела погибших";
    PrisonersOfWar: "Prisoners of war", "Військовополонені", "Военнопленные";
    Civilians: "Civilians", "Цивільні особи", "Гражданские лица";
    Children: "Children", "Діти", "Дети";
    Living: "The living, all together", "Живі, усі разом", "Живые, все вместе";
    OfThesePrisoners: "of these announced as prisoners", "з них оголошені як полонені", "из них объявлены как пленные";
    OfTheseCivilians: "of these announced as civilians", "з них оголошені як цивільні", "из них объявлены как гражданские";
    OfTheseChildren: "of these announced as children", "з них оголошені як діти", "из них объявлены как дети";
    ShortBodies: "bodies", "тіла", "тела";
    ShortPeople: "people", "люди", "люди";
    ShortPrisoners: "prisoners", "полонені", "пленные";
    ShortCivilians: "civilians", "цивільні", "гражданские";
    ShortChildren: "children", "діти", "дети";
    CountOf: "{1} {0}", "{0} – {1}", "{0} – {1}";
    UnknownOf: "{0}: {1}", "{0}: {1}", "{0}: {1}";
    OfThese: "of these {0}", "з них {0}", "из них {0}";
    OutletVoice: "An outlet’s own words, or an unnamed source", "Власні слова видання або неназване джерело", "Собственные слова издания или неназванный источник";
    ForParty: "for {0}", "від імені: {0}", "от имени: {0}";
    Says: "{0} says {1}", "{0} заявляє: {1}", "{0} заявляет: {1}";

    // Numbers.
    AtLeast: "at least {0}", "щонайменше {0}", "не менее {0}";
    MoreThan: "more than {0}", "понад {0}", "более {0}";
    AtMost: "at most {0}", "щонайбільше {0}", "не более {0}";
    LessThan: "fewer than {0}", "менш ніж {0}", "менее {0}";
    About: "about {0}", "близько {0}", "около {0}";
    Range: "{0} to {1}", "від {0} до {1}", "от {0} до {1}";
    UpTo: "up to {0}", "до {0}", "до {0}";
    OrMore: "{0} or more", "{0} або більше", "{0} или больше";
    NumberNotGiven: "number not given", "кількість не вказано", "количество не указано";
    NoUpperBound: "no upper bound: an exchange without a number is in it", "без верхньої межі: серед обмінів є такий, де кількість не вказано", "без верхней границы: среди обменов есть такой, где количество не указано";

    // Dates.
    DateUnknown: "date not known", "дата невідома", "дата неизвестна";
    DayToDay: "{0} to {1}", "{0} – {1}", "{0} – {1}";
    OrLater: "{0} or later", "{0} або пізніше", "{0} или позже";
    OrEarlier: "{0} or earlier", "{0} або раніше", "{0} или раньше";
    ApproximateDate: "{0} (about)", "{0} (приблизно)", "{0} (приблизительно)";
    UncertainDate: "{0} (uncertain)", "{0} (непевно)", "{0} (неточно)";
    ApproximateUncertainDate: "{0} (about, uncertain)", "{0} (приблизно, непевно)", "{0} (приблизительно, неточно)";

    // Figures.
    HandedOver: "Handed over", "Передано", "Передано";
    NothingAnnounced: "nothing announced", "нічого не оголошено", "ничего не объявлено";
    Disputed: "the claims differ", "заяви розходяться", "заявления расходятся";
    OneSided: "said by one side only", "заявила лише одна сторона", "заявила только одна сторона";
    TookPlaceNoNumber: "took place, number not given", "відбулося, кількість не вказано", "состоялось, количество не указано";
    WithoutNumber: "without a number: {0}", "без кількості: {0}", "без количества: {0}";
    OfThemDisputed: "where the claims differ: {0}", "де заяви розходяться: {0}", "где заявления расходятся: {0}";
    OfThemOneSided: "said by one side only, not in the sum: {0}", "заявлено лише однією стороною, не в сумі: {0}", "заявлено только одной стороной, не в сумме: {0}";
    NotInSumDiffer: "where the claims differ, not in the sum: {0}", "де заяви розходяться, не в сумі: {0}", "где заявления расходятся, не в сумме: {0}";
    ClaimIs: "claim {0}", "заява {0}", "заявление {0}";
    ClaimsAre: "claims {0}", "заяви {0}", "заявления {0}";
    LeftOut: "left out: {0}", "не враховано: {0}", "не учтено: {0}";
    MoreInData: "and {0} more in the data", "і ще {0} у даних", "и ещё {0} в данных";
    BetweenCaption: "Handed over between {0} and {1}, as announced; policy “{2}”", "Передано між сторонами: {0} та {1}, за заявами; правило «{2}»", "Передано между сторонами: {0} и {1}, по заявлениям; правило «{2}»";
    WhyRetracted: "withdrawn by its publisher", "відкликано тим, хто опублікував", "отозвано опубликовавшим";
    WhyCorrected: "corrected by its publisher", "виправлено тим, хто опублікував", "исправлено опубликовавшим";
    WhyRevised: "revised by its announcer", "уточнено тим, хто оголосив", "уточнено объявившим";
    WhyQuarantined: "set aside by a curator", "відкладено куратором", "отложено куратором";
    WhyRedacted: "redacted by an operator", "вилучено оператором", "удалено оператором";
    WhyRelay: "repeats a recorded statement", "повторює записану заяву", "повторяет записанное заявление";
    WhyMaybeLater: "it may have been announced after that day", "можливо, оголошено після цього дня", "возможно, объявлено после этого дня";
    WhyOutranked: "a party to the exchange was heard", "є заява сторони обміну", "есть заявление стороны обмена";

    // The overview.
    OverviewLead:
        "A ledger of what officials and others announced about the handing over of the fallen, of prisoners and of civilians: who announced what, when, and what follows from it.",
        "Реєстр того, що посадовці та інші оголосили про передачу загиблих, полонених і цивільних: хто що оголосив, коли і що з цього випливає.",
        "Реестр того, что должностные лица и другие объявили о передаче погибших, пленных и гражданских: кто что объявил, когда и что из этого следует.";
    KnownOverTime: "What is known to have been handed over", "Що відомо про передане", "Что известно о переданном";
    ChartExplained:
        "Each line is the sum of exchanges that somebody announced as completed, added up over time. The band goes from the lowest to the highest number that the claims allow; both directions have one scale. A mark below the axis is an exchange, or a stage of one, that took place and whose number nobody gave: it’s never drawn as zero, and where the exchange as a whole has no number the sum has no upper bound from there on. An exchange in stages is a step on its last day.",
        "Кожна лінія — сума обмінів, про завершення яких хтось оголосив, із наростанням у часі. Смуга сягає від найменшої до найбільшої кількості, яку допускають заяви; обидва напрямки мають один масштаб. Позначка під віссю — обмін або його етап, що відбувся, але кількість ніхто не назвав: його ніколи не показано як нуль, а якщо кількості не має обмін загалом, відтоді сума не має верхньої межі. Обмін з етапами — один крок в останній день.",
        "Каждая линия — сумма обменов, о завершении которых кто-то объявил, с нарастанием во времени. Полоса идёт от наименьшего до наибольшего количества, которое допускают заявления; у обоих направлений один масштаб. Отметка под осью — обмен или его этап, который состоялся, но количество никто не назвал: он никогда не показан как ноль, а если количества нет у обмена в целом, с этого момента сумма не имеет верхней границы. Обмен с этапами — один шаг в последний день.";
    ChartOpenEnd: "no upper bound from {0} on", "без верхньої межі з: {0}", "без верхней границы с: {0}";
    ChartUnknown: "without a number: {0}", "без кількості: {0}", "без количества: {0}";
    ChartDescribed: "A step line from {0} to {1}. Known at the end: {2}.", "Ступінчаста лінія: {0} – {1}. Відомо наприкінці: {2}.", "Ступенчатая линия: {0} – {1}. Известно в конце: {2}.";
    ChartNoDate: "Exchanges whose days aren’t known are in the sums and not in the chart.", "Обміни, дати яких невідомі, є в сумах, але не на діаграмі.", "Обмены, даты которых неизвестны, есть в суммах, но не на диаграмме.";
    When: "When", "Коли", "Когда";
    AddedThen: "Handed over", "Передано", "Передано";
    SumSoFar: "Sum so far", "Сума досі", "Сумма на тот момент";
    Sums: "The sums", "Суми", "Суммы";
    SumsExplained:
        "Sums over all exchanges that somebody announced as completed, under the policy “{0}”: {1}",
        "Суми за всіма обмінами, про завершення яких хтось оголосив, за правилом «{0}»: {1}",
        "Суммы по всем обменам, о завершении которых кто-то объявил, по правилу «{0}»: {1}";
    PolicyRange: "where claims about an exchange agree, what they have in common; where they differ, from the lowest to the highest.", "де заяви про обмін узгоджуються — те, що в них спільне; де розходяться — від найменшого до найбільшого.", "где заявления об обмене согласуются — то, что в них общее; где расходятся — от наименьшего до наибольшего.";
    PolicyReceiver: "the receiving side’s own claims; where it’s silent, the other side’s.", "власні заяви сторони, що отримує; якщо їх немає — іншої сторони.", "собственные заявления принимающей стороны; если их нет — другой стороны.";
    PolicySender: "the sending side’s own claims; where it’s silent, the other side’s.", "власні заяви сторони, що передає; якщо їх немає — іншої сторони.", "собственные заявления передающей стороны; если их нет — другой стороны.";
    PolicyBoth: "what both sides’ claims have in common; where only one side spoke, nothing is added.", "те спільне, що є в заявах обох сторін; якщо заявила лише одна — не додається.", "то общее, что есть в заявлениях обеих сторон; если заявила только одна — не прибавляется.";
    PolicyNameRange: "range: what the claims allow", "range: те, що допускають заяви", "range: то, что допускают заявления";
    PolicyNameReceiver: "receiver: the receiving side first", "receiver: спершу сторона, що отримує", "receiver: сначала принимающая сторона";
    PolicyNameSender: "sender: the sending side first", "sender: спершу сторона, що передає", "sender: сначала передающая сторона";
    PolicyNameBoth: "both: what both sides say", "both: те, що кажуть обидві сторони", "both: то, что говорят обе стороны";
    NoCompleted: "No completed exchange is recorded.", "Завершених обмінів не записано.", "Завершённых обменов не записано.";
    UnassignedAre: "About no exchange that is known, and in no figure: {0}.", "Не належать до жодного відомого обміну і не входять у числа: {0}.", "Не относятся ни к одному известному обмену и не входят в числа: {0}.";
    ChangedLast: "What changed last", "Що змінилося останнім", "Что изменилось последним";
    ChangedLastExplained: "The latest records that changed an exchange, newest first.", "Останні записи, що змінили якийсь обмін, спершу найновіші.", "Последние записи, изменившие какой-либо обмен, сначала новейшие.";
    NothingChanged: "None of the latest records changed an exchange.", "Жоден з останніх записів не змінив обмінів.", "Ни одна из последних записей не изменила обменов.";
    Before: "Before", "Раніше", "Раньше";
    Now: "Now", "Тепер", "Сейчас";
    RecordColumn: "Record", "Запис", "Запись";
    ExchangeColumn: "Exchange", "Обмін", "Обмен";
    ChangeColumn: "What it changed", "Що змінилося", "Что изменилось";
    BecameStatus: "state: {0}", "стан: {0}", "состояние: {0}";
    FromOldToNew: "{0}, before: {1}, now: {2}", "{0}, раніше: {1}, тепер: {2}", "{0}, раньше: {1}, сейчас: {2}";
    Blocked: "What is said to be blocked", "Що, за заявами, заблоковано", "Что, по заявлениям, заблокировано";
    NothingBlocked: "No announcer’s latest statement says that a channel is paused or blocked.", "Жодна остання заява не каже, що якийсь канал призупинено чи заблоковано.", "Ни одно последнее заявление не говорит, что какой-либо канал приостановлен или заблокирован.";
    AllChannels: "All statements about channels", "Усі заяви про канали", "Все заявления о каналах";

    // The timeline.
    ExchangesLead: "Exchanges, the latest first: what was announced about each.", "Обміни, спершу найновіші: що про кожен оголошено.", "Обмены, сначала новейшие: что о каждом объявлено.";
    Filters: "Filters", "Фільтри", "Фильтры";
    FromDay: "From", "Від", "С";
    ToDay: "To", "До", "По";
    WhatColumn: "What", "Що", "Что";
    StatusLabel: "State", "Стан", "Состояние";
    CategoryLabel: "Category", "Категорія", "Категория";
    FrameworkLabel: "Agreement", "Домовленість", "Договорённость";
    SenderLabel: "Sender (party’s code)", "Передає (код сторони)", "Передаёт (код стороны)";
    ReceiverLabel: "Receiver (party’s code)", "Отримує (код сторони)", "Получает (код стороны)";
    PartyLabel: "Party’s code", "Код сторони", "Код стороны";
    DateColumn: "Date", "Дата", "Дата";
    HandedOverAsAnnounced: "Handed over, as announced", "Передано, за заявами", "Передано, по заявлениям";
    StateAsAnnounced: "State, as announced", "Стан, за заявами", "Состояние, по заявлениям";
    NoNumberAnnounced: "no number announced", "кількість не оголошено", "количество не объявлено";
    NoExchangeFound: "No exchange is recorded that these filters let through.", "Немає записаних обмінів, що відповідають цим фільтрам.", "Нет записанных обменов, соответствующих этим фильтрам.";
    EarlierExchanges: "Earlier exchanges", "Раніші обміни", "Более ранние обмены";
    LatestExchanges: "The latest exchanges", "Найновіші обміни", "Новейшие обмены";
    AStage: "a stage", "етап", "этап";
    Completed: "completed", "завершено", "завершён";
    Cancelled: "cancelled", "скасовано", "отменён";
    Postponed: "postponed", "відкладено", "отложен";
    Planned: "planned", "заплановано", "запланирован";
    Mentioned: "mentioned", "згадано", "упомянут";

    // One exchange.
    ExchangeTitle: "{0}, {1} and {2}, {3}", "{0}: {1} та {2}, {3}", "{0}: {1} и {2}, {3}";
    ExchangeKey: "Exchange", "Обмін", "Обмен";
    StatementsLabel: "Statements", "Заяви", "Заявления";
    StatementsAndReports: "{0}; {1} in all", "{0}; загалом {1}", "{0}; всего {1}";
    FrameworkAsAnnounced: "Agreement, as announced", "Домовленість, за заявами", "Договорённость, по заявлениям";
    HelpCredited: "Help credited to", "Допомогу приписано", "Помощь приписана";
    StageOf: "A stage of", "Етап обміну", "Этап обмена";
    ItsStages: "Its stages", "Його етапи", "Его этапы";
    AlsoAs: "Also announced as", "Також оголошено як", "Также объявлен как";
    MentionedBy: "Named in the scope of", "Названо в охопленні", "Назван в охвате";
    ComeTo: "What the claims come to", "До чого зводяться заяви", "К чему сводятся заявления";
    NothingHandedOver: "No claim says that something was handed over.", "Жодна заява не каже, що щось передано.", "Ни одно заявление не говорит, что что-то передано.";
    WhereDiffer: "Where the claims differ", "У чому заяви розходяться", "В чём заявления расходятся";
    NoDifference: "The claims that are recorded don’t contradict each other.", "Записані заяви не суперечать одна одній.", "Записанные заявления не противоречат друг другу.";
    SilentSide: "{0} has announced nothing", "{0}: нічого не оголошено", "{0}: ничего не объявлено";
    DateDiffers: "The date: these claims name another than the one above", "Дата: ці заяви називають іншу, ніж вище", "Дата: эти заявления называют другую, чем выше";
    MatrixTitle: "Who announced what", "Хто що оголосив", "Кто что объявил";
    MatrixCaption: "Every statement about this exchange, in the order in which it was recorded; relays of a statement are folded under it", "Усі заяви про цей обмін у порядку запису; повтори заяви згорнуто під нею", "Все заявления об этом обмене в порядке записи; повторы заявления свёрнуты под ним";
    Announcer: "Who announced it", "Хто оголосив", "Кто объявил";
    OnWhichDay: "When it took place", "Коли відбулося", "Когда состоялось";
    AnnouncedColumn: "Announced", "Оголошено", "Объявлено";
    RecordedColumn: "Recorded", "Записано", "Записано";
    ReadWhere: "Where it was read", "Де прочитано", "Где прочитано";
    ProofColumn: "Record and proof", "Запис і доказ", "Запись и доказательство";
    RecordIs: "record {0}", "запис {0}", "запись {0}";
    Proof: "proof", "доказ", "доказательство";
    Report: "report", "повідомлення", "сообщение";
    Copy: "copy", "копія", "копия";
    Published: "published {0}", "опубліковано {0}", "опубликовано {0}";
    NothingSaid: "nothing said", "нічого не сказано", "ничего не сказано";
    SameNumber: "the same number as in the other direction", "стільки ж, скільки в іншому напрямку", "столько же, сколько в другом направлении";
    AboutSameNumber: "about the same number as in the other direction", "приблизно стільки ж, скільки в іншому напрямку", "примерно столько же, сколько в другом направлении";
    PartOfThe: "part of: {0}", "частина від: {0}", "часть от: {0}";
    OriginIs: "from {0}", "походження: {0}", "происхождение: {0}";
    InTheWords: "in the words “{0}”", "словами «{0}»", "словами «{0}»";
    IdentityClaimed: "identity claimed by the sender", "належність заявила сторона, що передала", "принадлежность заявлена передавшей стороной";
    MayBelong: "may belong to the receiving side", "може належати стороні, що отримала", "может принадлежать принявшей стороне";
    ToBeVerified: "identity to be verified", "належність перевіряється", "принадлежность проверяется";
    IdentityConfirmed: "identity confirmed", "належність підтверджено", "принадлежность подтверждена";
    FoundOtherSide: "found to be the other side’s", "визнано належним іншій стороні", "признано принадлежащим другой стороне";
    Returned: "returned", "повернуто", "возвращено";
    LaterClaims: "Later claims", "Пізніші заяви", "Более поздние заявления";
    PlansAndOutcome: "Plans and outcome", "Плани та результат", "Планы и результат";
    PlansCaption: "What was announced beforehand, beside what is known now", "Що було оголошено заздалегідь і що відомо тепер", "Что было объявлено заранее и что известно сейчас";
    PlannedColumn: "Planned", "Заплановано", "Запланировано";
    OutcomeColumn: "Known now", "Відомо тепер", "Известно сейчас";
    DueColumn: "Due", "Строк", "Срок";
    History: "Corrections and other later acts", "Виправлення та інші пізніші дії", "Исправления и другие последующие действия";
    HistoryCaption: "What later records did to earlier ones; nothing is deleted", "Що пізніші записи зробили з ранішими; нічого не видаляється", "Что поздние записи сделали с более ранними; ничего не удаляется";
    HistoryNone: "No later record corrects, withdraws or contests any of these statements.", "Жоден пізніший запис не виправляє, не відкликає і не заперечує цих заяв.", "Ни одна поздняя запись не исправляет, не отзывает и не оспаривает этих заявлений.";
    ByRecord: "By record", "Записом", "Записью";
    DidWhat: "What it did", "Що зроблено", "Что сделано";
    ToStatement: "To the statement", "Щодо заяви", "В отношении заявления";
    ReasonGiven: "reason given: {0}", "наведена причина: {0}", "приведённая причина: {0}";
    ProofTitle: "Proof", "Доказ", "Доказательство";
    ProofExplained:
        "Each record is a leaf of a Merkle tree. The proof of a record shows that it’s in the ledger and was not altered since; that what was announced is true, it doesn’t show. The link “proof” gives the hashes; these commands get a proof and check it offline against a checkpoint that came another way:",
        "Кожен запис — лист дерева Меркла. Доказ запису показує, що він є в реєстрі й відтоді не змінювався; що оголошене є правдою, він не показує. Посилання «доказ» дає геші; ці команди отримують доказ і перевіряють його без мережі за контрольною точкою, отриманою іншим шляхом:",
        "Каждая запись — лист дерева Меркла. Доказательство записи показывает, что она есть в реестре и с тех пор не изменялась; что объявленное правда, оно не показывает. Ссылка «доказательство» даёт хеши; эти команды получают доказательство и проверяют его без сети по контрольной точке, полученной другим путём:";

    // Kinds, as what an announcer did.
    KindPlanned: "announced a plan", "план", "план";
    KindCompleted: "announced as completed", "оголошено завершеним", "объявлено завершённым";
    KindConfirmed: "confirmed", "підтверджено", "подтверждено";
    KindPostponed: "announced as postponed", "оголошено відкладеним", "объявлено отложенным";
    KindCancelled: "announced as cancelled", "оголошено скасованим", "объявлено отменённым";
    KindOffered: "offered", "запропоновано", "предложено";
    KindAggregate: "gave a total", "підсумок", "итог";
    KindStock: "said how many are held", "скільки утримується", "сколько удерживается";
    KindChannel: "spoke of a channel", "про стан каналу", "о состоянии канала";
    KindContact: "spoke of talks", "про переговори", "о переговорах";
    KindAgreement: "announced an agreement", "домовленість", "договорённость";
    KindMediation: "credited help", "про допомогу третьої сторони", "о помощи третьей стороны";
    KindIdentity: "reported a finding on identity", "висновок про належність", "вывод о принадлежности";
    KindDisputed: "contests a claim", "заперечує заяву", "оспаривает заявление";
    KindCorrected: "corrects a claim", "виправляє заяву", "исправляет заявление";
    KindRetracted: "withdraws a claim", "відкликає заяву", "отзывает заявление";
    KindLinked: "a curator assigns a claim", "куратор відносить заяву", "куратор относит заявление";
    KindMerged: "a curator joins two exchanges", "куратор об’єднує два обміни", "куратор объединяет два обмена";
    KindSplit: "a curator parts claims", "куратор роз’єднує заяви", "куратор разделяет заявления";
    KindQuarantined: "a curator sets a claim aside", "куратор відкладає заяву", "куратор откладывает заявление";
    KindReleased: "a curator takes a claim back in", "куратор повертає заяву", "куратор возвращает заявление";
    KindRedacted: "an operator redacts a record", "оператор вилучає запис", "оператор удаляет запись";

    // Totals.
    TotalsLead: "Do the official totals fit the exchanges that they cover?", "Чи збігаються офіційні підсумки з обмінами, які вони охоплюють?", "Совпадают ли официальные итоги с обменами, которые они охватывают?";
    LedgerSums: "Sums of the exchanges", "Суми обмінів", "Суммы обменов";
    PossiblySums: "Of exchanges that may lie within these days", "Обміни, що, можливо, належать до цих днів", "Обмены, которые, возможно, относятся к этим дням";
    Official: "Official totals", "Офіційні підсумки", "Официальные итоги";
    OfficialExplained:
        "Each total that somebody gave, beside the sum of the exchanges in its period and scope. A total is never added to the sums.",
        "Кожен підсумок, який хтось назвав, поряд із сумою обмінів за його період і охоплення. До сум підсумки ніколи не додаються.",
        "Каждый итог, который кто-то назвал, рядом с суммой обменов за его период и охват. К суммам итоги никогда не прибавляются.";
    OfficialCaption: "Official totals beside the ledger’s sums, the latest record first; policy “{0}”", "Офіційні підсумки поряд із сумами реєстру, спершу найновіші; правило «{0}»", "Официальные итоги рядом с суммами реестра, сначала новейшие; правило «{0}»";
    NoOfficial: "No official total is recorded.", "Офіційних підсумків не записано.", "Официальных итогов не записано.";
    PeriodAndScope: "Period and scope", "Період і охоплення", "Период и охват";
    Claimed: "Official total", "Офіційний підсумок", "Официальный итог";
    LedgerHas: "Ledger’s sum", "Сума реєстру", "Сумма реестра";
    VerdictColumn: "Verdict", "Висновок", "Вывод";
    ScopeIs: "scope, in its words: “{0}”", "охоплення, дослівно: «{0}»", "охват, дословно: «{0}»";
    Fits: "It fits: the two have numbers in common.", "Збігається: є спільні значення.", "Совпадает: есть общие значения.";
    Exceeds: "It’s above the ledger’s sum: something isn’t in the ledger.", "Більший за суму реєстру: чогось у реєстрі немає.", "Больше суммы реестра: чего-то в реестре нет.";
    FallsShort: "It’s below the ledger’s sum: its scope is narrower than its words.", "Менший за суму реєстру: його охоплення вужче за слова.", "Меньше суммы реестра: его охват уже, чем слова.";
    NoVerdict: "No verdict: the ledger has no figure for it.", "Без висновку: у реєстрі немає відповідного числа.", "Без вывода: в реестре нет соответствующего числа.";
    DifferenceIs: "difference: {0}", "різниця: {0}", "разница: {0}";
    Hypotheses: "It would fit these scopes (hypotheses, found by search; nobody said so)", "Збігалося б із таким охопленням (гіпотези, знайдені пошуком; так ніхто не казав)", "Совпадало бы с таким охватом (гипотезы, найдены поиском; так никто не говорил)";
    HypothesisSince: "from {0} on", "починаючи з: {0}", "начиная с: {0}";
    HypothesisFramework: "only under “{0}”", "лише за «{0}»", "только по «{0}»";
    HypothesisYear: "only the year {0}", "лише рік {0}", "только год {0}";
    ExchangesCounted: "exchanges, as a count", "кількість обмінів", "количество обменов";
    PossiblyToo: "possibly also: {0}", "можливо, також: {0}", "возможно, также: {0}";
    EarlierTotals: "Earlier totals", "Раніші підсумки", "Более ранние итоги";

    // Channels.
    ChannelsLead: "What announcers say of the state of the exchanges themselves. A statement is the announcer’s; what took place afterwards stands beside it.", "Що заявники кажуть про стан самих обмінів. Заява належить тому, хто її зробив; поряд — що відбулося потім.", "Что заявители говорят о состоянии самих обменов. Заявление принадлежит тому, кто его сделал; рядом — что состоялось потом.";
    NoChannels: "No statement about a channel is recorded.", "Заяв про канали не записано.", "Заявлений о каналах не записано.";
    ChannelBodies: "Exchanges of bodies", "Обміни тілами", "Обмены телами";
    ChannelPrisoners: "Exchanges of prisoners", "Обміни полоненими", "Обмены пленными";
    ChannelCivilians: "Exchanges of civilians", "Обміни цивільними", "Обмены гражданскими";
    ChannelCaption: "{0}: {1} and {2}", "{0}: {1} та {2}", "{0}: {1} и {2}";
    LastCompleted: "Last exchange that somebody announced as completed: {0}.", "Останній обмін, про завершення якого хтось оголосив: {0}.", "Последний обмен, о завершении которого кто-то объявил: {0}.";
    NoCompletedOfKind: "No completed exchange of this kind is recorded.", "Завершених обмінів цього виду не записано.", "Завершённых обменов этого вида не записано.";
    WhoSaysSo: "Who says so", "Хто так заявляє", "Кто так заявляет";
    CompletedSince: "Completed since, as announced", "Завершено відтоді, за заявами", "Завершено с тех пор, по заявлениям";
    ChannelOpen: "open", "відкритий", "открыт";
    ChannelPaused: "paused", "призупинений", "приостановлен";
    ChannelBlocked: "blocked", "заблокований", "заблокирован";
    ChannelResuming: "resuming", "відновлюється", "возобновляется";
    Since: "since {0}", "з: {0}", "с: {0}";
    Attributes: "attributes this to: {0}", "приписує це стороні: {0}", "приписывает это стороне: {0}";
    NoneRecorded: "none recorded", "не записано", "не записано";
    NotAsked: "not asked: exchanges are said to go on", "не розглядається: за заявою, обміни тривають", "не рассматривается: по заявлению, обмены продолжаются";

    // Agreements.
    FrameworksLead: "How much of what was agreed is done, as announced.", "Скільки з домовленого виконано, за заявами.", "Сколько из договорённого выполнено, по заявлениям.";
    NoFrameworks: "No agreement is recorded.", "Домовленостей не записано.", "Договорённостей не записано.";
    Agreed: "Agreed", "Домовлено", "Договорено";
    Delivered: "Handed over under it", "Передано за нею", "Передано по ней";
    Remaining: "Remaining", "Залишається", "Остаётся";
    NoTerms: "No number was agreed, and no exchange is said to follow it.", "Кількість не домовлено, і жоден обмін до неї не віднесено.", "Количество не оговорено, и ни один обмен к ней не отнесён.";
    AgreedIn: "Announced in {0}", "Оголошено: {0}", "Объявлено: {0}";
    ExchangesUnderIt: "The exchanges under it", "Обміни за нею", "Обмены по ней";
    DirectionColumn: "Direction", "Напрямок", "Направление";

    // Offices.
    OfficesLead: "What each office has said, and which later statements contradict it. The order is by party and name, not by number.", "Що заявила кожна установа і які пізніші заяви цьому суперечать. Порядок — за стороною та назвою, а не за кількістю.", "Что заявило каждое ведомство и какие поздние заявления этому противоречат. Порядок — по стороне и названию, а не по количеству.";
    NoOffices: "No office has spoken yet.", "Жодна установа ще не заявляла.", "Ни одно ведомство ещё не заявляло.";
    OfficeColumn: "Office", "Установа", "Ведомство";
    SpokenBy: "Who spoke in it", "Хто від неї говорив", "Кто от него говорил";
    ReplacedColumn: "No longer in figures", "Більше не в числах", "Больше не в числах";
    ContestedColumn: "Contested", "Заперечено", "Оспорено";
    ContradictedColumn: "Contradicted later", "Пізніше суперечить", "Позже противоречит";
    ByRecords: "{0}, by {1}", "{0}, записами: {1}", "{0}, записями: {1}";
    PartyOnly: "only the party is named", "названо лише сторону", "названа только сторона";

    // Mediators.
    MediatorsLead: "Whom statements credit with help, and who says so.", "Кому заяви приписують допомогу і хто так заявляє.", "Кому заявления приписывают помощь и кто так заявляет.";
    NoMediators: "No statement credits a third party with help.", "Жодна заява не приписує допомогу третій стороні.", "Ни одно заявление не приписывает помощь третьей стороне.";
    ThirdParty: "Third party", "Третя сторона", "Третья сторона";
    AsWhat: "As what", "У якій ролі", "В какой роли";
    InExchanges: "In exchanges", "В обмінах", "В обменах";
    WithoutExchange: "naming no exchange: {0}", "без назви обміну: {0}", "без названия обмена: {0}";
    RoleMediator: "mediator", "посередник", "посредник";
    RoleIntermediary: "intermediary", "проміжна ланка", "промежуточное звено";
    RoleFacilitator: "facilitator", "сприяння", "содействие";
    RoleObserver: "observer", "спостерігач", "наблюдатель";
    RoleHost: "host", "приймаюча сторона", "принимающая сторона";
    RoleParticipant: "participant", "учасник", "участник";

    // Then and now.
    ThenAndNowLead: "What was known at two moments, and which records moved the sums in between.", "Що було відомо у два моменти і які записи змінили суми між ними.", "Что было известно в два момента и какие записи изменили суммы между ними.";
    Then: "Then", "Тоді", "Тогда";
    ThenKnownAt: "Then: as known at", "Тоді: станом на", "Тогда: по состоянию на";
    ThenAnnouncedUntil: "Then: announced until", "Тоді: оголошено до", "Тогда: объявлено до";
    NowKnownAt: "Later: as known at", "Пізніше: станом на", "Позже: по состоянию на";
    NowAnnouncedUntil: "Later: announced until", "Пізніше: оголошено до", "Позже: объявлено до";
    ChooseThen: "Give the earlier moment, then what was known at it stands beside what is known later.", "Вкажіть раніший момент — і відоме тоді стане поруч із відомим пізніше.", "Укажите более ранний момент — и известное тогда встанет рядом с известным позже.";
    DifferenceColumn: "Difference", "Різниця", "Разница";
    Compare: "Compare", "Порівняти", "Сравнить";
    MovedCaption: "Sums then and later; policy “{0}”", "Суми тоді й пізніше; правило «{0}»", "Суммы тогда и позже; правило «{0}»";
    WhatMoved: "What moved it", "Що її змінило", "Что её изменило";
    NothingMoved: "No sum differs between the two moments.", "Жодна сума не відрізняється між двома моментами.", "Ни одна сумма не различается между двумя моментами.";
    ThenStood: "Then: {0}", "Тоді: {0}", "Тогда: {0}";
    LaterStood: "Later: {0}", "Пізніше: {0}", "Позже: {0}";
    MoreMoves: "More of what moved it", "Інші зміни", "Другие изменения";
    Later: "Later", "Пізніше", "Позже";
    Unchanged: "unchanged", "без змін", "без изменений";

    // The ledger and its records.
    LedgerLead: "What was recorded is never altered: each record is a leaf of a Merkle tree whose signed checkpoints anyone can check.", "Записане ніколи не змінюється: кожен запис — лист дерева Меркла, чиї підписані контрольні точки може перевірити будь-хто.", "Записанное никогда не изменяется: каждая запись — лист дерева Меркла, чьи подписанные контрольные точки может проверить каждый.";
    LedgerName: "Name", "Назва", "Название";
    LedgerSize: "Records", "Записів", "Записей";
    LedgerRoot: "Root of the tree", "Корінь дерева", "Корень дерева";
    LedgerEpoch: "Epoch", "Епоха", "Эпоха";
    LastRecorded: "Last record taken in", "Останній запис прийнято", "Последняя запись принята";
    LastCheckpoint: "Last checkpoint handed out", "Остання видана контрольна точка", "Последняя выданная контрольная точка";
    CheckpointOf: "{0} records, {1}", "записів: {0}, {1}", "записей: {0}, {1}";
    HowToCheck: "How to check it", "Як це перевірити", "Как это проверить";
    HowToCheckExplained: "The server needn’t be trusted. Keep checkpoints where its operator can’t write; a later one must extend each of them, and a proof must hold against one.", "Серверу не потрібно довіряти. Зберігайте контрольні точки там, де його оператор не може писати; пізніша має продовжувати кожну з них, а доказ — узгоджуватися з однією з них.", "Серверу не нужно доверять. Храните контрольные точки там, где его оператор не может писать; более поздняя должна продолжать каждую из них, а доказательство — согласовываться с одной из них.";
    Downloads: "Downloads", "Завантаження", "Загрузки";
    DownloadRecords: "all records", "усі записи", "все записи";
    DownloadCheckpoint: "the checkpoint", "контрольна точка", "контрольная точка";
    DownloadTiles: "the tree’s tiles (C2SP tlog-tiles)", "плитки дерева (C2SP tlog-tiles)", "плитки дерева (C2SP tlog-tiles)";
    HowToCite: "How to cite it", "Як на це посилатися", "Как на это ссылаться";
    HowToCiteExplained: "An address with its position always gives the same answer. Name the ledger, the position and the day on which you read it:", "Адреса з позицією завжди дає ту саму відповідь. Назвіть реєстр, позицію та день, коли ви прочитали:", "Адрес с позицией всегда даёт тот же ответ. Назовите реестр, позицию и день, когда вы прочитали:";
    Citation: "Handover, ledger {0}, position {1}, recorded {2}, {3}", "Handover, реєстр {0}, позиція {1}, записано {2}, {3}", "Handover, реестр {0}, позиция {1}, записано {2}, {3}";
    RecordsTitle: "Records", "Записи", "Записи";
    RecordsCaption: "Records from position {0} on", "Записи від позиції {0}", "Записи с позиции {0}";
    FromPosition: "From position", "Від позиції", "С позиции";
    KindColumn: "What", "Що", "Что";
    MoreRecords: "Later records", "Наступні записи", "Следующие записи";
    EarlierRecords: "Earlier records", "Попередні записи", "Предыдущие записи";
    NoRecordsFrom: "There is no record from there on.", "Звідти записів немає.", "Оттуда записей нет.";
    RecordTitle: "Record {0}", "Запис {0}", "Запись {0}";
    PublisherLabel: "Published by", "Опублікував", "Опубликовал";
    NoteLabel: "Note", "Примітка", "Примечание";
    ReasonLabel: "Reason", "Причина", "Причина";
    ActsOn: "About the record", "Щодо запису", "В отношении записи";
    LeafLabel: "Leaf hash", "Геш листа", "Хеш листа";
    OwnBytes: "In its own bytes", "Власними байтами", "Собственными байтами";
    OwnBytesData: "as data", "як дані", "как данные";
    Neighbours: "Neighbouring records", "Сусідні записи", "Соседние записи";
    PreviousRecord: "record before", "попередній запис", "предыдущая запись";
    NextRecord: "record after", "наступний запис", "следующая запись";
    PeriodLabel: "Period", "Період", "Период";
    ScopeLabel: "Scope", "Охоплення", "Охват";
    ClaimLabel: "Contested words", "Заперечувані слова", "Оспариваемые слова";
    WhatWasAnnounced: "What was announced", "Що оголошено", "Что объявлено";

    // Methodology.
    MethodologyLead: "What is recorded here, how figures are made of it, and what they can’t tell.", "Що тут записано, як із цього утворюються числа і чого вони не можуть сказати.", "Что здесь записано, как из этого получаются числа и чего они не могут сказать.";
    MRecorded: "What is recorded", "Що записується", "Что записывается";
    MRecordedText:
        "Announcements: who said that something was handed over, planned, put off, agreed or contested, when, and where it was read. Three times stay apart: when the exchange took place, when it was announced, when it was recorded. Names of captives and of the fallen are refused.",
        "Оголошення: хто сказав, що щось передано, заплановано, відкладено, домовлено чи заперечено, коли і де це прочитано. Три часи розрізняються: коли відбувся обмін, коли про нього оголошено, коли це записано. Імена полонених і загиблих не приймаються.",
        "Объявления: кто сказал, что что-то передано, запланировано, отложено, согласовано или оспорено, когда и где это прочитано. Три времени различаются: когда состоялся обмен, когда о нём объявлено, когда это записано. Имена пленных и погибших не принимаются.";
    MVoices: "Whose word counts", "Чиє слово враховується", "Чьё слово учитывается";
    MVoicesText:
        "A claim by a party to the exchange stands before any other announcer’s, which stands before an unnamed source. A lower voice is heard only where every higher one is silent; its claim stays listed. Reports of one statement are one statement, however often it’s repeated.",
        "Заява сторони обміну передує заяві будь-кого іншого, а та — неназваному джерелу. Нижчий голос враховується лише тоді, коли всі вищі мовчать; його заява лишається в переліку. Повідомлення про одну заяву — це одна заява, хоч би скільки разів її повторили.",
        "Заявление стороны обмена предшествует заявлению любого другого, а то — неназванному источнику. Нижний голос учитывается лишь тогда, когда все высшие молчат; его заявление остаётся в перечне. Сообщения об одном заявлении — это одно заявление, сколько бы раз его ни повторили.";
    MUnknown: "Unknown isn’t zero", "Невідоме — не нуль", "Неизвестное — не ноль";
    MUnknownText:
        "A direction in which nothing was announced has no figure. An exchange that took place without a number leaves a sum without an upper bound, and it’s said so beside the sum.",
        "Напрямок, про який нічого не оголошено, не має числа. Обмін, що відбувся без названої кількості, лишає суму без верхньої межі, і про це сказано поряд із сумою.",
        "Направление, о котором ничего не объявлено, не имеет числа. Обмен, состоявшийся без названного количества, оставляет сумму без верхней границы, и об этом сказано рядом с суммой.";
    MPolicies: "Policies", "Правила", "Правила";
    MPoliciesText: "How a figure is made where several claims are about one exchange; the reader chooses.", "Як утворюється число, коли про один обмін є кілька заяв; обирає читач.", "Как получается число, когда об одном обмене есть несколько заявлений; выбирает читатель.";
    MProof: "What a proof shows, and what it doesn’t", "Що показує доказ, а чого ні", "Что показывает доказательство, а чего нет";
    MProofText:
        "A proof shows that a record is in the ledger, at its place, and that it was not altered since a checkpoint. It doesn’t show that a claim is true, nor that everything that was announced is here.",
        "Доказ показує, що запис є в реєстрі на своєму місці й не змінювався від контрольної точки. Він не показує, що заява правдива, і що тут є все оголошене.",
        "Доказательство показывает, что запись есть в реестре на своём месте и не изменялась с контрольной точки. Оно не показывает, что заявление правдиво, и что здесь есть всё объявленное.";
    MLimits: "What the ledger can’t tell by itself", "Чого реєстр сам не може визначити", "Чего реестр сам не может определить";
    MLimitsText:
        "Two exchanges on one day, between the same parties and of the same kind, look like one: a publisher has to tell them apart by the event’s subject, or a curator by a link. What curators do is recorded like any announcement, with its own time.",
        "Два обміни одного дня, між тими самими сторонами й того самого виду, виглядають як один: їх має розрізнити той, хто публікує, предметом події, або куратор — посиланням. Дії кураторів записуються так само, як оголошення, зі своїм часом.",
        "Два обмена одного дня, между теми же сторонами и того же вида, выглядят как один: их должен различить публикующий предметом события или куратор — ссылкой. Действия кураторов записываются так же, как объявления, со своим временем.";
    MTerms: "Terms", "Терміни", "Термины";
    MTermsCaption: "The terms of these pages in their three languages; both sides are described in the same words", "Терміни цих сторінок трьома мовами; обидві сторони описано тими самими словами", "Термины этих страниц на трёх языках; обе стороны описаны одними и теми же словами";

    // Operations.
    OperationsLead: "How this server does. What needs an operator stands first.", "Як працює цей сервер. Спершу — те, що потребує оператора.", "Как работает этот сервер. Сначала — то, что требует оператора.";
    NeedsOperator: "What needs an operator", "Що потребує оператора", "Что требует оператора";
    NothingNeeds: "Nothing: every part of this server does its work.", "Нічого: усі частини сервера працюють.", "Ничего: все части сервера работают.";
    PartNotReady: "{0} isn’t ready: {1}", "{0} не готово: {1}", "{0} не готово: {1}";
    RemedyIs: "Remedy: {0}", "Що робити: {0}", "Что делать: {0}";
    PartsTitle: "Parts", "Частини", "Части";
    PartColumn: "Part", "Частина", "Часть";
    ReadyColumn: "Does its work", "Працює", "Работает";
    LagColumn: "Behind by", "Відставання", "Отставание";
    Yes: "yes", "так", "да";
    No: "no", "ні", "нет";
    ProjectionsTitle: "Read models", "Моделі читання", "Модели чтения";
    ModelColumn: "Model", "Модель", "Модель";
    ErrorColumn: "Last error", "Остання помилка", "Последняя ошибка";
    FoldColumn: "Version of the fold", "Версія згортки", "Версия свёртки";
    SnapshotColumn: "Last snapshot", "Останній знімок", "Последний снимок";
    FoldedTo: "Holds until", "Містить до", "Содержит до";
    TakenIn: "Records taken in", "Прийнято записів", "Принято записей";
    LastMinute: "in the last minute", "за останню хвилину", "за последнюю минуту";
    LastHour: "in the last hour", "за останню годину", "за последний час";
    LastDay: "in the last day", "за останню добу", "за последние сутки";
    RefusalsTitle: "Refusals", "Відмови", "Отказы";
    RefusalsKept: "kept: {0}", "збережено: {0}", "сохранено: {0}";
    LastRefusal: "last: {0}, {1}", "остання: {0}, {1}", "последний: {0}, {1}";
    BackupTitle: "Last verified backup", "Остання перевірена резервна копія", "Последняя проверенная резервная копия";
    BackupNone: "No backup was verified: make one and verify it (handover backup, handover backup verify).", "Жодної резервної копії не перевірено: створіть і перевірте її (handover backup, handover backup verify).", "Ни одна резервная копия не проверена: создайте и проверьте её (handover backup, handover backup verify).";
    BackupIs: "{0}, verified {1}", "{0}, перевірено {1}", "{0}, проверено {1}";
    NodeTitle: "This node", "Цей вузол", "Этот узел";
    NodeLedger: "has the ledger", "має реєстр", "имеет реестр";
    NodeReader: "reads from a ledger over NATS", "читає реєстр через NATS", "читает реестр через NATS";
    StreamsTitle: "Streams", "Потоки", "Потоки";
    StreamsText: "Records and changes as they come: {0}, {1}.", "Записи та зміни в міру надходження: {0}, {1}.", "Записи и изменения по мере поступления: {0}, {1}.";

    // Problems.
    ProblemParameter: "A part of the address is wrong", "Частина адреси неправильна", "Часть адреса неверна";
    ProblemNotFound: "There is nothing here", "Тут нічого немає", "Здесь ничего нет";
    ProblemPath: "The address is of a wrong form", "Адреса має неправильну форму", "Адрес имеет неверную форму";
    ProblemRedacted: "The record was redacted", "Запис вилучено", "Запись удалена";
    ProblemUnavailable: "Not available right now", "Зараз недоступно", "Сейчас недоступно";
    ProblemForbidden: "Only for this server’s operator", "Лише для оператора цього сервера", "Только для оператора этого сервера";
    ProblemNotHere: "Not on this node", "Не на цьому вузлі", "Не на этом узле";
    ProblemOther: "That can’t be answered", "На це не можна відповісти", "На это нельзя ответить";
    ProblemField: "Field", "Поле", "Поле";
    ProblemDetail: "What is wrong", "Що не так", "Что не так";
    ProblemRemedy: "What helps", "Що допоможе", "Что поможет";
    RemedyParameter: "Correct the field, or leave it out; the filters on each page name what there is.", "Виправте поле або приберіть його; фільтри кожної сторінки називають можливі значення.", "Исправьте поле или уберите его; фильтры каждой страницы называют возможные значения.";
    RemedyNotFound: "Look for it among the exchanges or the records; in a past state, it may not have been known yet.", "Пошукайте серед обмінів або записів; у минулому стані про це могло ще не бути відомо.", "Поищите среди обменов или записей; в прошлом состоянии об этом могло ещё не быть известно.";
    RemedyLater: "Try again in a moment.", "Спробуйте ще раз за мить.", "Попробуйте ещё раз через мгновение.";
    RemedyOperator: "Ask for this page on the machine that the server runs on.", "Відкрийте цю сторінку на машині, де працює сервер.", "Откройте эту страницу на машине, где работает сервер.";
    RemedyOther: "The overview leads to everything that there is.", "Огляд веде до всього, що тут є.", "Обзор ведёт ко всему, что здесь есть.";
    BackToOverview: "To the overview", "До огляду", "К обзору";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{super::language::pieces, Word};

    #[test]
    fn every_term_is_there_in_three_languages_with_the_same_places_to_fill() {
        for &word in Word::ALL {
            let [english, ukrainian, russian] = word.columns();
            let places = |text: &'static str| pieces(text).filter_map(Result::err).collect::<BTreeSet<_>>();
            for text in [english, ukrainian, russian] {
                assert!(!text.trim().is_empty() && text == text.trim(), "{word:?}: {text:?}");
                assert_eq!(places(text), places(english), "{word:?}: {text}");
            }
            assert_eq!(english.contains('|'), ukrainian.contains('|'), "{word:?}");
            let forms = |text: &str| text.split('|').count();
            if english.contains('|') {
                assert_eq!([english, ukrainian, russian].map(forms), [2, 3, 3], "{word:?}");
            }
        }
    }

    #[test]
    fn ukrainian_and_russian_terms_are_written_in_their_own_letters() {
        for &word in Word::ALL.iter().filter(|&&word| word != Word::Handover) {
            let [english, ukrainian, russian] = word.columns();
            let is_text = pieces(english).any(|piece| piece.is_ok_and(|text| text.chars().any(char::is_alphabetic))) && word != Word::DayToDay;
            let cyrillic = |text: &str| text.chars().any(|letter| ('\u{400}'..='\u{4ff}').contains(&letter));
            assert!(!is_text || (cyrillic(ukrainian) && cyrillic(russian)), "{word:?}");
            assert!(!cyrillic(english), "{word:?}");
            assert!(!ukrainian.contains(['ы', 'э', 'ъ', 'ё']), "{word:?}: {ukrainian}");
            assert!(!russian.contains(['і', 'ї', 'є', 'ґ']), "{word:?}: {russian}");
        }
    }
}
