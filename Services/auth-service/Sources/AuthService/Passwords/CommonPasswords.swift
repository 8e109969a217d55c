/// Passwords of at least eight characters that every guesser tries first: keyboard walks, digits, names, teams and
/// seasons that appear near the top of every published leak. In lower case, separated by white space.
enum CommonPasswords {
    static let text = #"""
        password password1 password2 password3 password12 password123 password1234 password12345 password! password1!
        passw0rd passw0rd1 p@ssw0rd p@ssword p@ssw0rd1 p@ssw0rd! pa$$word passwort passwort1 motdepasse contrasena
        parola123 wachtwoord salasana haslo123 12345678 123456789 1234567890 12345678910 123456789a 0123456789
        01234567 012345678 87654321 987654321 9876543210 11111111 111111111 1111111111 00000000 000000000 0000000000
        22222222 33333333 44444444 55555555 66666666 77777777 88888888 99999999 999999999 12121212 123123123
        1231231234 12341234 1234512345 123454321 123321123 112233445566 11223344 1122334455 11221122 10101010 20202020
        69696969 123qweasd 123qwe123 123qweasdzxc 1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx 1qaz2wsx3edc 1qazxsw2
        1qaz@wsx !qaz2wsx zaq12wsx zaq1zaq1 q1w2e3r4 q1w2e3r4t5 q1w2e3r4t5y6 qwer1234 1234qwer qwertyui qwertyuiop
        qwertyuiop123 qwerty12 qwerty123 qwerty1234 qwerty12345 qwerty123456 qwerty!@# qwertz123 qwertzui qwertzuiop
        azertyui azertyuiop azerty123 asdfghjk asdfghjkl asdfghjkl; asdf1234 asdfasdf asdf12345 asdqwe123 zxcvbnm1
        zxcvbnm123 zxcvbnm, zxcvbnm,./ zxcv1234 1234abcd abcd1234 abcd12345 abcdefgh abcdefghi abcdefghij abc12345
        abc123456 abc123abc abcabc123 a1234567 a12345678 a123456789 aa123456 aa12345678 a1b2c3d4 a1b2c3d4e5 aaaaaaaa
        aaaaaaaaaa zzzzzzzz xxxxxxxx qqqqqqqq asasasas qazwsxedc qazwsx123 qaz123wsx wsxedcrfv iloveyou iloveyou1
        iloveyou2 iloveyou! iloveyou123 iloveu123 ilovegod iloveme1 iloveme2 loveyou1 loveme123 lovelove lovely123
        mylove123 beautiful beautiful1 princess princess1 princess12 princess123 sunshine sunshine1 sunshine123
        football football1 football12 football123 baseball baseball1 baseball123 basketball basketball1 volleyball
        softball1 hockey123 soccer123 superman superman1 superman123 batman123 spiderman spiderman1 ironman123
        starwars starwars1 starwars123 pokemon1 pokemon123 dragon123 dragonball dragon12 monkey123 monkey12 shadow123
        shadow12 master123 master12 michael1 michael123 michelle michelle1 jennifer jennifer1 jessica1 jessica123
        ashley123 charlie1 charlie123 daniel123 thomas123 jordan23 jordan123 samantha samantha1 elizabeth elizabeth1
        alexander alexander1 alexandra christopher christian christian1 christine victoria victoria1 nicholas
        nicholas1 benjamin benjamin1 jonathan jonathan1 patricia isabella gabriel1 gabriella anthony1 anthony123
        brandon1 brandon123 matthew1 matthew123 william1 veronica madison1 caroline valentina valentin sebastian
        stephanie maryjane welcome1 welcome12 welcome123 welcome1234 welcome! welcome01 welcome@123 letmein1 letmein12
        letmein123 letmein! letmeinnow trustno1 whatever whatever1 computer computer1 computer123 internet internet1
        internet123 samsung1 samsung123 iphone123 android1 android123 google123 facebook facebook1 facebook123
        linkedin linkedin1 twitter123 instagram instagram1 snapchat whatsapp youtube123 microsoft microsoft1 windows1
        windows10 windows123 apple123 amazon123 netflix1 netflix123 spotify123 nintendo nintendo1 playstation
        xbox360123 minecraft minecraft1 minecraft123 fortnite fortnite1 roblox123 counterstrike warcraft
        worldofwarcraft leagueoflegends admin123 admin1234 admin12345 admin123456 admin@123 adminadmin administrator
        administrator1 administrador root1234 root12345 rootroot toor1234 test1234 test12345 test123456 testtest
        testtest1 testing1 testing123 tester123 demo1234 user1234 user12345 useruser guest123 guest1234 login123
        login1234 default1 default123 changeme changeme1 changeme123 changeit secret123 secret1234 secretpassword
        topsecret mypassword mypassword1 newpassword newpassword1 oldpassword thepassword yourpassword password0
        password01 password07 password10 password11 password13 password21 password22 password23 password69 password77
        password88 password99 password2020 password2021 password2022 password2023 password2024 password2025
        password2026 summer2020 summer2021 summer2022 summer2023 summer2024 summer2025 summer123 winter2020 winter2021
        winter2022 winter2023 winter2024 winter2025 winter123 spring2023 spring2024 spring2025 autumn2023 autumn2024
        autumn2025 january1 february1 december1 november1 october1 september september1 monday123 friday123 holiday1
        holiday123 christmas christmas1 halloween halloween1 birthday birthday1 butterfly butterfly1 chocolate
        chocolate1 chocolate123 cheesecake strawberry strawberry1 blueberry cookies1 cookie123 peanut123 pumpkin1
        snickers snowball snowflake rainbow1 rainbow123 sunflower sunflower1 moonlight midnight midnight1 thunder1
        lightning hurricane mountain mountain1 diamond1 diamond123 crystal1 goldfish elephant elephant1 dolphin1
        dolphins dolphins1 panther1 panthers tiger123 tigger123 lionking cheyenne mustang1 mustang123 corvette
        corvette1 ferrari1 ferrari123 porsche1 porsche911 mercedes mercedes1 yamaha123 kawasaki harley123
        harleydavidson chevrolet chevy123 toyota123 honda123 liverpool liverpool1 liverpoolfc manchester manutd123
        arsenal1 arsenal123 chelsea1 chelsea123 barcelona barcelona1 realmadrid juventus bayern123 fcbayern dortmund
        schalke04 yankees1 redsox123 cowboys1 cowboys123 steelers steelers1 packers1 eagles123 broncos1 lakers24
        lakers123 warriors bulldogs bulldog1 cardinal scorpion metallica metallica1 slipknot slipknot1 nirvana1
        nirvana123 eminem123 greenday greenday1 blink182 linkinpark ironmaiden acdc1234 beatles1 rockstar rockstar1
        musician guitar123 drummer1 hiphop123 rasta420 marijuana cannabis freedom1 freedom123 forever1 forever21
        forever123 friends1 friends123 bestfriend family123 mommy123 daddy123 mother123 father123 brother1 sister123
        babygirl babygirl1 babygirl123 babyboy1 sweetheart sweetie1 sweety123 darling1 honey123 sexy1234 sexygirl
        sexylady hottie123 pussycat fuckyou1 fuckyou2 fuckyou123 fuckyou! fuckoff1 asshole1 bullshit biteme123
        blahblah blahblah1 blablabla nothing1 nothing123 idontknow iforgot1 whocares danger123 killer123 killer12
        hunter123 hunter12 ranger123 soldier1 scooter1 gangster gangsta1 pimpin123 player123 champion champion1
        winner123 success1 success123 money123 moneymoney dollar123 million1 business business1 manager1 manager123
        student1 student123 teacher1 teacher123 engineer doctor123 lawyer123 security security1 security123 access123
        access14 system123 server123 network1 database oracle123 mysql123 postgres postgres1 postgresql sqlserver
        cisco123 router123 vmware123 ubuntu123 debian123 linux123 swordfish matrix123 matrix01 neverland wonderland
        atlantis atlantis1 phoenix1 phoenix123 dragonfly explorer voyager1 discovery enterprise startrek startrek1
        gandalf1 gandalf123 legolas1 frodo123 hogwarts harrypotter harrypotter1 voldemort narutouzumaki naruto123
        pikachu1 pikachu123 snoopy123 garfield garfield1 mickey123 mickeymouse tinkerbell tinkerbell1 hellokitty
        hellokitty1 scoobydoo scoobydoo1 spongebob spongebob1 jesus123 jesuschrist jesuslove jesussaves godisgood
        godisgreat blessed1 blessed123 heaven123 angel123 angelina angels123 faithful graceful trinity1 emmanuel
        australia australia1 california california1 newyork1 newyork123 london123 london12 paris123 germany1
        germany123 deutschland schatz123 hallo123 hallo1234 hallohallo sommer123 passwort123 qwertz1234 ficken123
        schalke1 spiderman123 bonjour1 bonjour123 soleil123 doudou123 chouchou loulou123 azerty1234 marseille nicolas1
        caramel1 ciaociao ciao1234 amoremio juventus1 francesca alessandro giuseppe123 tequiero teamo123 teamomucho
        contraseña contrasena1 contraseña1 estrella estrella1 mariposa princesa princesa1 alejandro alejandra fernando
        fernando1 mexico123 colombia brasil123 flamengo corinthians palmeiras saopaulo senha123 senha1234 minhasenha
        polska123 kochanie kochamcie haslo1234 matrix12 qwerty789 zaqwsx123 йцукенгш йцукен123 пароль123 парольпароль
        привет123 любовь123 natasha1 nikita123 zxcasdqwe zxcasdqwe123 woaini123 woaini1314 woaini520 a5201314 5201314a
        iloveyou520 1314520a 88888888a 147258369 159753456 147852369 741852963 789456123 321654987 963852741 456789123
        1597534862 14725836 25802580 13131313 31415926 314159265 27182818 19841984 20002000 20012001 11235813 24682468
        13579246 1234567a 12345678a 1234567q 12345qwert 12345abc 12345678q 123456qwe 123456abc 123456aa 123456789q
        123456asd qwe12345 qwe123456 qwe123qwe qweqweqwe qweasdzxc qweasd123 qwert123 qwert12345 asd12345 asdasdasd
        asd123asd zxczxczxc zxc12345 poiuytrewq mnbvcxz1 lkjhgfdsa 0987654321 098765432 correcthorsebatterystaple
        parley123 parleychat chatchat
        """#
}
