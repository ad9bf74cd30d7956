"""A light list of the dangerous signals in German, French, Spanish, Italian, Dutch, Portuguese and Polish.

A text in these languages stays unread; what is noticed in it all the same can only lower authority further.
"""

from cxagent.domain.vocabulary import Signal

ABROAD: dict[Signal, str] = {
    Signal.COMPLAINT: """
        enttäuscht*|unzufrieden|inakzeptabel|unzumutbar|frechheit|katastrophe|katastrophal|beschwerde|beschweren|unverschämt
        nicht ..2 zufrieden|hinnehmbar|akzeptabel
        keine|ohne antwort|reaktion|rückmeldung
        so geht das|es nicht
        déçu|déçue|déçus|inacceptable|inadmissible|mécontent*|insatisfait*|scandaleux|réclamation|lamentable|honteux
        pas ..1 satisfait*|content|contents
        aucune|sans réponse|nouvelle ..1 de|depuis|$
        decepcionad*|inaceptable|descontent*|insatisfech*|indignad*|lamentable|vergonzoso|pésimo|pésima
        no ..2 content*|satisfech*|conformes
        sin respuesta
        presentar|poner|interponer ..1 queja|reclamación
        delus*|inaccettabil*|insoddisfatt*|vergognos*|scandalos*|reclamo
        nessuna|senza risposta
        teleurgesteld*|onacceptabel|ontevreden|schandalig|klacht|waardeloos
        geen|zonder antwoord|reactie
        desapontad*|desiludid*|decepcionado|inaceitável|insatisfeit*|descontentes|reclamação|vergonha
        sem resposta
        rozczarowan*|niedopuszczaln*|niezadowolon*|skandal|skarga|skargę|reklamację
        brak odpowiedzi
    """,
    Signal.EXIT: """
        anbieter|dienstleister|system|lieferanten ..1 zu? wechsel*
        wechsel* ..4 anbieter|wettbewerb*|konkurrenz
        anderen|anderem|neuen|alternativen anbieter|dienstleister
        vergleich* ..4 anbieter|alternativen|systeme|lösungen
        nicht|keine ..1 verlänger*
        kündigungsfrist*|vertragsende|ausstieg|migration_weg
        changer|changement de|d prestataire|fournisseur|outil|solution
        compar* ..3 prestataires|fournisseurs|solutions|offres|alternatives
        ne renouvel*
        autre|autres|nouveau fournisseur*|prestataire*
        préavis
        cambiar|cambio de proveedor|plataforma|herramienta
        no ..3 renovar|renovaremos
        compar* ..3 alternativas|proveedores|opciones
        otro|otros proveedor*
        preaviso
        cambiare|cambio fornitore|piattaforma|strumento
        non ..1 rinnov*
        altro|altri|nuovo fornitor*
        preavviso|disdetta
        wisselen|overstappen|veranderen
        niet ..1 verlengen
        andere leverancier*|aanbieder*
        opzegtermijn
        mudar de fornecedor|plataforma|ferramenta
        não ..2 renovar|renovaremos
        outro|outros fornecedor*
        pré aviso
        zmian* ..1 dostawc*
        nie ..1 przedłuż*
        inn* dostawc*
        okres* wypowiedzenia
    """,
    Signal.THREAT: """
        wenn|falls|sonst|andernfalls ~14 kündigen|kündige|wechseln|weg
        sonst|dann|werde|werden ..5 bewertung|presse|anwalt|öffentlich
        schlechte|negative bewertung
        zahlen ..4 nicht|nichts ..2 bis|solange
        presse|zeitung|verbraucherzentrale
        si ~14 résili*|partons|quittons|annulons
        avis négatif*|mauvais
        publier|poster|laisser ..2 avis
        paierons|payerons|paierai pas|plus|rien
        contacter|saisir|alerter ..1 presse|médias|ombudsman
        mauvais avis
        si|sino ~14 cancelamos|cancelaremos|rescindimos|nos_vamos|rescindiremos
        reseña|opinión|valoración negativa|mala
        no pagaremos|pagaré|pagamos ..2 hasta|mientras
        prensa|redes_sociales|oficina_del_consumidor
        se ~14 disdiciamo|disdiremo|cancelliamo|recediamo|andremo
        recension* negativ*
        non pagheremo|paghiamo|pagherò
        stampa|giornali ..1
        als|anders ~14 op|opzeggen|vertrekken $
        slechte|negatieve recensie|beoordeling|review
        betalen niet|niets ..2 tot|voordat
        naar de ..1 pers|krant
        se ~14 cancelamos|cancelaremos|rescindimos|saímos
        avaliação|crítica negativa|má
        não pagaremos|pagamos ..2 até|enquanto
        imprensa
        jeśli|jeżeli ~14 rezygnujemy|odchodzimy|zrezygnujemy|wypowiemy
        negatywn* opini*|recenzj*
        nie zapłacimy ..2 dopóki|póki
        do pras*|mediów
    """,
    Signal.LEGAL_CLAIM: """
        anwalt|anwältin|rechtsanwalt|rechtsabteilung|schadensersatz|schadenersatz|fristlos|rechtsweg|vertragsbruch|haftbar
        rechtliche|juristische schritte
        haben|habe ..2 anspruch ..1 auf
        gemäß|nach|laut ..1 paragraf|paragraph|artikel|dsgvo #
        avocat|avocate|avocats|mise_en_demeure|préjudice|tribunal
        mise en demeure
        agir|action|poursuites|voie ..1 en? justice|judiciaire*
        dommages et ..1 intérêts
        rupture|violation|manquement ..2 contrat
        abogado|abogada|abogados|indemnización|demanda_judicial|tribunales|burofax
        acciones legales|judiciales
        incumpli* ..2 contrato
        daños y perjuicios
        avvocat*|risarcimento|diffida|inadempi*
        vie legali
        advocaat|schadevergoeding|ingebrekestelling|wanprestatie
        juridische stappen
        advogad*|indemnização|indenização|processo_judicial
        incumprimento|violação ..2 contrato
        prawnik*|adwokat*|odszkodowan*
        droga|drogę|kroki sądow*|prawn*
    """,
    Signal.HUMAN_REQUESTED: """
        mit ..1 einem|einer ..1 menschen|mitarbeiter|mitarbeiterin|person|echten|berater|kollegen
        echte|echter|richtiger ..1 mensch|person|mitarbeiter
        rufen sie ..2 an|zurück
        zurückrufen|zurückgerufen|rückruf
        kein|keinen|nicht ..2 roboter|bot|chatbot|automat
        parler|discuter|échanger ..2 à|avec ..2 personne|humain|conseiller|conseillère|responsable|quelqu|agent
        me|nous rappeler|téléphoner
        rappelez moi|nous
        passez moi|nous
        pas ..2 robot|machine
        hablar|contactar con ..2 persona|humano|agente|responsable|alguien
        me|nos ..2 llamar|llamen|llamarme
        llám*|llamen|páseme|pásenme
        no ..2 robot|máquina
        parlare con ..2 persona|operatore|umano|qualcuno|responsabile
        chiamarmi|richiamarmi|chiamarci|richiamate|richiamarci
        medewerker|mens|persoon ..1 spreken
        met een ..1 medewerker|mens|persoon ..2
        terugbellen|bel_mij|terugbelt
        bellen|bel mij|me|ons
        falar com ..2 pessoa|humano|alguém|responsável|atendente
        ligar|ligarem|telefonar me|nos
        ligar|ligarem $
        ligar me
        rozmawiać|porozmawiać z ..2 człowiekiem|osobą|konsultant*|kimś
        proszę o ..1 telefon|kontakt_telefoniczny|oddzwonienie
        oddzwo*
    """,
    Signal.BROKEN_PROMISE: """
        versprochen|versprochene|versprochenen|zugesagt|zugesagte|zugesichert
        zusage|versprechen ..3 nicht
        promis|promesse*
        avait|aviez|avez assuré|garanti
        prometi*|promes*|prometeram
        asegura* que
        promess*|garantito_che
        beloofd|beloofde|toegezegd|belofte*
        obieca*|obiecy*|obietnic*
    """,
    Signal.EMBEDDED_INSTRUCTIONS: """
        ignor*|vergiss|missacht*|umgehe|oublie|oubliez|olvida|olviden|negeer|esqueça|esquece|zignoruj|dimentica ..4 \
            anweisung*|regeln|vorgaben|richtlinien|instructions|consignes|règles|instrucciones|reglas|istruzioni|\
regole|instructies|regels|instruções|regras|instrukcj*|polece*|zasad*
        hinweis|nachricht|notiz an die|den ..1 ki|assistent*|sprachmodell|bot
        note|message|consigne pour|à ..2 ia|assistant|robot|modèle
        nota|mensaje|mensagem|messaggio ..1 para|per|al|all ..2 ia|ai|asistente|assistente|bot|modelo
        bericht|opmerking ..1 voor|aan ..2 ai|assistent|bot
        wiadomość|notatka|uwaga dla ..1 ai|asystenta|bota|modelu
        du bist jetzt|nun ..1 im|ein|wartungsmodus
        tu es|êtes maintenant
        ahora eres|estás
        sei|ora ora|sei in
        je bent nu
        agora és|estás|você_é
        jesteś teraz
        ohne|sans|sin|senza|zonder|sem|bez freigabe|genehmigung|validation|approbation|aprobación|approvazione|\
goedkeuring|aprovação|zatwierdzenia
    """,
    Signal.FORGED_AUTHORITY: """
        ihr|ihre|ihrem ..1 chef|geschäftsführer|direktor|vorstand|vertrieb*|vorgesetzt*|abteilung ..4 genehmigt|\
freigegeben|zugestimmt|bewilligt|erlaubt
        polizei|staatsanwaltschaft|finanzamt|aufsichtsbehörde|police|policía|policia|polizia|politie|policj*|\
gendarmerie|fiscalía|procureur|autorité*_de ..6 geben|herausgabe|verlangt|fordert|transmettez|donnez|exige|\
entreguen|exigimos|consegnate|overhandig*|entreguem|wydajcie|prosz*|daten|données|datos|dati|gegevens|dados
        im auftrag|namen der|des ..1 geschäftsführ*|geschäftsleitung|vorstand*|direktion|chefs
        keine rückfrage*|prüfung|überprüfung nötig|notwendig|erforderlich
        ich bin der|die ..1 geschäftsführer*|vorstand*|direktor*|chef|inhaber*
        ordne ..2 an
        votre|vos directeur|directrice|direction|chef|responsable|pdg|commercial ..2 a|ont ..2 approuvé|validé|\
autorisé|accepté
        au nom de la ..1 direction
        pas besoin|nécessaire de ..1 vérifier|contrôler
        je suis le|la ..1 pdg|directeur|directrice|président*
        j autorise
        su|sus|vuestro director*|jefe|gerente|dirección ..3 aprob*|autoriz*
        en nombre de la ..1 dirección|gerencia
        no hace|es falta|necesario verificar|comprobar
        soy el|la ..1 director*|presidente|gerente|ceo
        vostro|suo direttore|capo|responsabile ..3 approvato|autorizzato
        sono il ..1 direttore|amministratore|presidente
        uw|jullie directeur|baas|manager ..4 goedgekeurd|toegestemd
        ik ben de ..1 directeur|eigenaar|ceo
        vosso|seu|vossa diretor|diretora|chefe|gerente ..3 aprovou|autorizou
        sou o|a ..1 diretor*|presidente|gerente
        wasz|państwa dyrektor|szef|kierownik ..4 zatwierdził*|zgodził*
        jestem ..1 dyrektorem|prezesem
    """,
    Signal.NEW_RECIPIENT: """
        schick*|send*|leit*|mail*|envoy*|transmett*|transfér*|enví*|envi*|mand*|mánd*|reenví*|inviat*|inoltr*|stuur*|\
stuurt|reenvi*|wysł*|wyśl*|przesł*|prześl* ..12 @
        an|auf meine|mein private|privates|persönliche|anderes|neues ..1 adresse|mail|konto|postfach
        neue|neues|andere|anderes ..1 konto|bankverbindung|iban
        bankverbindung|iban|kontonummer ..4 geändert|neu|changé|cambiado
        leit*|schick*|send* ..6 an unseren|unsere|einen ..1 steuerberater*|berater*|anwalt|agentur|wirtschaftsprüfer*
        mon|mes|ma adresse|mail|messagerie|compte personnel*|privé*
        nouveau|nouvel|autre compte|iban|rib ..1 bancaire?
        transmett*|envoy*|transfér* ..5 à notre ..1 comptable|avocat|agence|consultant|expert
        mi correo|cuenta|dirección personal|privad*
        otra|nueva cuenta
        cambiado de ..1 cuenta|banco
        enví*|reenví*|mand* ..5 a nuestro|nuestra ..1 asesor*|gestor*|abogad*|agencia|contable
        mia|mio email|casella|conto|indirizzo personale|privat*
        mijn privé|eigen ..1 adres|mail|rekening
        meu|minha email|conta|endereço pessoal
        mój|moje|mojego prywatn* ..1 adres|mail|konto
    """,
    Signal.DISTRESS: """
        insolvenz|insolvent|pleite|konkurs|zahlungsunfähig|kurzarbeit|existenz
        nicht ..1 bezahlen|zahlen|leisten !bis
        können ..5 nicht ..1 bezahlen
        gestorben|verstorben|todesfall|krankenhaus
        redressement|liquidation judiciaire
        faillite|dépôt_de_bilan|décédé|décédée|hospitalisé*
        pouvons|pouvoir|peux|arrivons plus|pas ..1 payer
        concurso de acreedores
        quiebra|bancarrota|fallecido|fallecida|hospitalizad*|insolvencia
        no ..1 podemos|puedo pagar
        fallimento|bancarotta|insolvenza|deceduto|deceduta
        riusciamo|possiamo a? pagare
        faillissement|failliet|overleden|ziekenhuis
        niet ..1 betalen
        falência|insolvência|faleceu|falecido
        conseguimos|podemos pagar
        bankruct*|upadłoś*|zmarł*|szpital*
        nie możemy|mogę|jesteśmy ..3 zapłacić
    """,
}
